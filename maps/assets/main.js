/* Brings map, layers and panel together. window.Maps.app is the running page. */
(function (Maps, L) {
  'use strict';
  if (window.MapsTooOld) return;

  const data = Maps.readData();
  const listeners = {};
  const app = Maps.app = {
    data: data,
    words: data.words,
    selected: -1,
    column: Maps.columns(data.columns),
    on: function (name, action) { (listeners[name] = listeners[name] || []).push(action); },
    fire: function (name, a, b) { (listeners[name] || []).forEach(function (action) { action(a, b); }); },
    mask: null,
    isDrawn: function (row) { return row < app.layer.shapes.rows; }
  };

  const themes = [];
  function theme(number) {
    if (!themes[number]) themes[number] = Maps.loadTheme(data.themes[number], app.column);
    return themes[number];
  }

  app.loadTheme = theme;

  app.showTheme = async function (number) {
    app.wanted = number;
    const loaded = await theme(number);
    if (app.wanted !== number) return;
    app.theme = loaded;
    app.layer.setTheme(loaded);
    app.fire('theme', number);
  };

  app.toggleClass = function (code) {
    const hidden = app.theme.hidden;
    if (!hidden.delete(code)) hidden.add(code);
    app.layer.repaint();
    app.fire('classes');
  };

  app.showOverlay = function (number, on) {
    const overlay = app.overlays[number];
    [overlay.layer, overlay.labels].forEach(function (part) {
      if (on) part.addTo(app.map); else part.remove();
    });
    if (on) declutter(overlay);
    app.fire('overlay', number, on);
  };

  /* Marks a row, opens its card and, when asked, goes there. */
  app.open = function (row, go) {
    app.selected = row;
    app.marker.clearLayers();
    if (app.isDrawn(row)) {
      mark(app.layer, row, '#e4002b');
      if (go) app.map.fitBounds(boundsOf(app.layer.shapes.box(row)), Object.assign({ maxZoom: 17 }, besideCard()));
    }
    app.fire('open', row);
  };

  app.openFeature = function (number, row) {
    const layer = app.overlays[number].layer;
    app.close();
    app.map.fitBounds(boundsOf(layer.shapes.box(row)), { padding: [20, 20] });
    mark(layer, row, '#e4002b');
    app.fire('feature', number, row);
  };

  app.close = function () {
    app.selected = -1;
    app.marker.clearLayers();
    app.fire('close');
  };

  /* Keeps what is shown clear of the card, which lies on the right, or below on a narrow screen. */
  function besideCard() {
    const size = app.map.getSize();
    const covered = size.x > 720 ? [340, 40] : [40, size.y * 0.55];
    return { paddingTopLeft: [40, 40], paddingBottomRight: covered };
  }

  function boundsOf(box) {
    return L.latLngBounds(app.map.unproject([box[0], box[3]], data.zoom), app.map.unproject([box[2], box[1]], data.zoom));
  }

  function mark(layer, row, colour) {
    const rings = layer.shapes.outline(row).map(function (ring) {
      return ring.map(function (point) { return app.map.unproject(point, data.zoom); });
    });
    app.marker.addLayer(L.polyline(rings.map(function (ring) { return ring.concat([ring[0]]); }), { color: colour, weight: 3, interactive: false }));
  }

  function makeMap() {
    const map = L.map('map', { zoomSnap: 0.5, minZoom: 3, maxZoom: 21, fadeAnimation: false, zoomControl: false });
    L.control.zoom({ position: 'topleft', zoomInTitle: '+', zoomOutTitle: '−' }).addTo(map);
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    map.attributionControl.setPrefix('Leaflet');
    const Home = L.Control.extend({
      onAdd: function () {
        const bar = L.DomUtil.create('div', 'leaflet-bar');
        const link = L.DomUtil.create('a', 'home', bar);
        link.textContent = app.words.all;
        link.href = '#';
        L.DomEvent.on(link, 'click', function (event) {
          L.DomEvent.stop(event);
          app.fit();
        });
        return bar;
      }
    });
    map.addControl(new Home({ position: 'topleft' }));
    return map;
  }

  app.fit = function () {
    const boxes = [app.layer].concat(app.overlays.map(function (overlay) { return overlay.layer; }))
      .map(function (layer) { return layer.shapes.extent(); }).filter(Boolean);
    if (!boxes.length) {
      app.map.setView([36, 104], 4);
      return;
    }
    const all = [0, 1, 2, 3].map(function (k) {
      return Math[k < 2 ? 'min' : 'max'].apply(null, boxes.map(function (box) { return box[k]; }));
    });
    app.map.fitBounds(boundsOf(all), { padding: [12, 12], animate: false });
  };

  async function makeOverlay(spec, number) {
    const shapes = await Maps.shapes(spec.shapes);
    const layer = new Maps.OverlayLayer(shapes, data.zoom, { spec: spec, zIndex: 10 + number });
    const labels = L.layerGroup((spec.labels || []).map(function (text, i) {
      const node = Maps.make('span', { textContent: text });
      const icon = L.divIcon({ html: node, className: 'zone-label', iconSize: [0, 0] });
      return L.marker(app.map.unproject(spec.points[i], data.zoom), { icon: icon, interactive: false, keyboard: false });
    }));
    return { spec: spec, layer: layer, labels: labels };
  }

  /* A label that is much larger than its polygon is left out until the map is larger. */
  function declutter(overlay) {
    const scale = Math.pow(2, app.map.getZoom() - data.zoom);
    overlay.labels.getLayers().forEach(function (marker, row) {
      const node = marker.options.icon.options.html;
      const box = overlay.layer.shapes.box(row);
      const fits = (box[2] - box[0]) * scale * 1.6 > 13 * node.textContent.length && (box[3] - box[1]) * scale > 14;
      node.style.display = fits ? '' : 'none';
    });
  }

  /* Tips and clicks; further maps of the page are taken in by app.listenTo(map, its theme layer). */
  function listen() {
    const hover = Maps.hover(app);
    app.listenTo = function (map, layer) {
      hover(map, layer);
      map.on('click', function (event) {
        if (app.measure.click(event)) return;
        const row = layer.at(event.latlng);
        if (row >= 0) app.open(row, false); else app.close();
        app.overlays.forEach(function (overlay, number) {
          const at = app.map.hasLayer(overlay.layer) ? overlay.layer.at(event.latlng) : -1;
          if (at >= 0) app.fire('feature', number, at);
        });
      });
    };
    app.listenTo(app.map, app.layer);
    app.map.on('zoomend', function () { app.overlays.forEach(declutter); });
  }

  function makePanel() {
    const parts = [Maps.make('h1', { textContent: data.title }), Maps.themePicker(app), Maps.legend(app), Maps.filter(app), Maps.search(app)];
    if (data.table) parts.push(Maps.ranking(app));
    if (data.group) parts.push(Maps.zonePanel(app));
    else if (data.charts.length) parts.push(Maps.charts(app));
    if (data.overlays.length || data.images.length) parts.push(Maps.layerList(app));
    if (data.steps) parts.push(Maps.steps(app));
    if (data.bases.length) parts.push(Maps.baseList(app));
    parts.push(Maps.notes(app));
    document.getElementById('panel').replaceChildren(...parts);
    Maps.card(app);
  }

  async function start() {
    app.map = makeMap();
    app.maps = [app.map];
    app.marker = L.layerGroup().addTo(app.map);
    const first = theme(0);
    const overlays = Promise.all(data.overlays.map(makeOverlay));
    app.layer = new Maps.ThemeLayer(await Maps.shapes(data.shapes), data.zoom, { zIndex: 5 });
    app.overlays = await overlays;
    await first;
    Maps.measure(app);
    Maps.beside(app);
    Maps.background(app);
    Maps.sheet(app);
    makePanel();
    document.getElementById('loading').hidden = true;
    document.getElementById('app').classList.add('ready');
    app.map.invalidateSize({ animate: false });
    app.fit();
    await app.showTheme(0);
    app.layer.once('load', function () { document.body.dataset.ready = String(Math.round(performance.now())); });
    app.layer.addTo(app.map);
    data.overlays.forEach(function (spec, number) { if (spec.shown) app.showOverlay(number, true); });
    listen();
    await Maps.address(app);
    window.addEventListener('resize', function () {
      if (document.body.classList.contains('sheet')) return;
      app.map.invalidateSize();
      app.fire('resize');
    });
  }

  start().catch(function (error) {
    const box = document.getElementById('loading');
    box.hidden = false;
    box.textContent = app.words.failed;
    console.error(error);
  });
})(window.Maps, window.L);
