/* The map on one page of paper with title, legend and notes. The buttons lay the map out for the paper before they
   print; the print command of the browser takes the map as it is on the screen and fits it to the page. */
(function (Maps) {
  'use strict';
  const make = Maps.make;
  /* Pixels within the margins of 10 mm of a landscape page. */
  const PAGES = { a4: [1044, 714], a3: [1508, 1042] };

  Maps.sheet = function (app) {
    const stage = document.getElementById('stage'), maps = document.getElementById('maps');
    const head = make('header', { id: 'sheet-head' }, [make('div', { className: 'title', textContent: app.data.title })]);
    const notes = app.data.notes.concat([app.words.screen_print, app.words.internal]);
    const foot = make('footer', { id: 'sheet-foot' }, notes.map(function (text) { return make('p', { textContent: text }); }));
    stage.prepend(head);
    stage.appendChild(foot);
    let paper = 'a4', prepared = false;

    function resize() {
      app.map.invalidateSize({ animate: false });
      app.fire('resize');
    }

    function dress() {
      document.body.classList.add('sheet', paper);
      stage.style.width = PAGES[paper][0] + 'px';
      stage.style.height = PAGES[paper][1] + 'px';
    }

    function undress() {
      document.body.classList.remove('sheet', 'a4', 'a3');
      [stage, maps].forEach(function (node) { node.removeAttribute('style'); });
      prepared = false;
      paper = 'a4';
      resize();
    }

    function room() {
      return [PAGES[paper][0] - 2, PAGES[paper][1] - head.offsetHeight - foot.offsetHeight - 2];
    }

    /* The map keeps the size in which its tiles are drawn, and is scaled as a picture. */
    function fit() {
      if (prepared) return;
      const width = maps.offsetWidth, height = maps.offsetHeight;
      dress();
      const space = room(), scale = Math.min(space[0] / width, space[1] / height);
      Object.assign(maps.style, { width: width + 'px', height: height + 'px', transform: 'scale(' + scale + ')', marginLeft: (space[0] - width * scale) / 2 + 'px', marginBottom: height * (scale - 1) + 'px' });
    }

    function drawn() {
      return new Promise(function (done) {
        const started = performance.now();
        const look = function () {
          const waiting = app.maps.some(function (map) {
            let loading = false;
            map.eachLayer(function (layer) { loading = loading || Boolean(layer.isLoading && layer.isLoading()); });
            return loading;
          });
          if (waiting && performance.now() - started < 15000) setTimeout(look, 50); else setTimeout(done, 150);
        };
        setTimeout(look, 100);
      });
    }

    /* Lays out the page and waits for its tiles. */
    app.layOut = async function (size) {
      paper = size;
      const view = app.map.getBounds();
      dress();
      const space = room();
      Object.assign(maps.style, { width: space[0] + 'px', height: space[1] + 'px' });
      prepared = true;
      resize();
      app.map.fitBounds(view, { animate: false });
      await drawn();
    };

    window.addEventListener('beforeprint', fit);
    window.addEventListener('afterprint', undress);
    Maps.bar(app.map, ['a4', 'a3'].map(function (size) {
      const text = Maps.fill(app.words.print, { paper: size.toUpperCase() });
      return { text: text, name: size, act: function () { app.layOut(size).then(function () { window.print(); }); } };
    }));
  };
})(window.Maps);
