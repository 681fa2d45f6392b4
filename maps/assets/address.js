/* What the address of the page names is opened: map.html#parcel=NAME is the row of that label,
   map.html#zone=NAME the polygon of that one. So another document can lead to one place on the map. */
(function (Maps) {
  'use strict';

  /* The value of a key behind the #, or null. */
  function named(key) {
    const part = location.hash.slice(1).split('&').find(function (text) { return text.startsWith(key + '='); });
    if (!part) return null;
    try { return decodeURIComponent(part.slice(key.length + 1)); } catch (error) { return null; }
  }

  async function openRow(app, code) {
    const column = await app.column(app.data.search[0]);
    let row = -1;
    column.search(code, function (at) { if (row < 0 && column.text(at) === code) row = at; });
    if (row >= 0) app.open(row, true);
  }

  function openZone(app, label) {
    app.overlays.some(function (overlay, number) {
      const row = (overlay.spec.labels || []).indexOf(label);
      if (row >= 0) app.openFeature(number, row);
      return row >= 0;
    });
  }

  Maps.address = function (app) {
    function go() {
      const code = named('parcel');
      const zone = named('zone');
      if (code && app.data.search.length) return openRow(app, code);
      if (zone) openZone(app, zone);
      return Promise.resolve();
    }
    window.addEventListener('hashchange', go);
    return go();
  };
})(window.Maps);
