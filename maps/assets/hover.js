/* The tip under the pointer: the same row on every map of the page, each with the value of its own theme. */
(function (Maps, L) {
  'use strict';
  const make = Maps.make;

  function content(app, theme, row, names) {
    const name = names.text(row);
    const label = theme.rows[theme.codes[row]].label;
    const value = theme.values ? theme.values.text(row) : null;
    const shown = value === null ? label : value + (theme.spec.unit ? ' ' + theme.spec.unit : '');
    return make('div', {}, [
      make('b', { textContent: name === null ? app.words.missing : name }),
      make('div', { textContent: theme.spec.title + '  ' + shown })
    ]);
  }

  /* Returns a function that takes a map into the tips; `view()` of a map gives its theme layer. */
  Maps.hover = function (app) {
    const views = [];
    let names = null, hovered = -1;
    app.column(app.data.label).then(function (column) { names = column; });

    function close() {
      views.forEach(function (view) { view.map.closeTooltip(view.tip); });
      hovered = -1;
    }

    function move(event, layer) {
      const row = names && layer.theme ? layer.at(event.latlng) : -1;
      if (row < 0) {
        if (hovered >= 0) close();
        return;
      }
      views.forEach(function (view) {
        if (!view.layer.theme || !view.layer.isShown(row)) {
          view.map.closeTooltip(view.tip);
          return;
        }
        if (row !== hovered || !view.map.hasLayer(view.tip)) view.tip.setContent(content(app, view.layer.theme, row, names));
        view.tip.setLatLng(event.latlng);
        if (!view.map.hasLayer(view.tip)) view.map.openTooltip(view.tip);
      });
      hovered = row;
    }

    return function (map, layer) {
      const tip = L.tooltip({ sticky: true, direction: 'right', offset: [12, 0] });
      views.push({ map: map, layer: layer, tip: tip });
      map.on('mousemove', function (event) { move(event, layer); });
      map.on('mouseout', close);
      map.on('unload', function () { views.splice(views.findIndex(function (view) { return view.map === map; }), 1); });
    };
  };

  /* A bar of links on the map; each is { text, title, act, name } and becomes a button. */
  Maps.bar = function (map, links, position) {
    const box = L.DomUtil.create('div', 'leaflet-bar tools');
    links.forEach(function (link) {
      const node = make('a', { className: link.name, textContent: link.text, title: link.title || link.text, href: '#' });
      node.setAttribute('role', 'button');
      L.DomEvent.on(node, 'click', function (event) {
        L.DomEvent.stop(event);
        link.act(node);
      });
      L.DomEvent.on(node, 'dblclick', L.DomEvent.stop);
      box.appendChild(node);
    });
    const Bar = L.Control.extend({ onAdd: function () { return box; } });
    map.addControl(new Bar({ position: position || 'topleft' }));
    return box;
  };
})(window.Maps, window.L);
