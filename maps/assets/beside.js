/* A second map beside the first, or below it on a narrow screen: the same shapes with another theme, moving together. */
(function (Maps, L) {
  'use strict';
  const make = Maps.make;

  /* Classes of a map's theme on the map itself, with a picker; a click hides a class in that theme. */
  Maps.mapLegend = function (app, map, view) {
    const select = make('select');
    const name = make('h3');
    const list = make('div');
    const box = make('div', { className: 'map-legend' }, [select, name, list]);
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    select.addEventListener('change', function () { view.show(Number(select.value)); });
    const Legend = L.Control.extend({ onAdd: function () { return box; } });
    map.addControl(new Legend({ position: 'bottomright' }));
    return function () {
      const theme = view.layer.theme;
      if (!theme) return;
      const spec = theme.spec;
      if (app.maps.length > 1 && !select.options.length) {
        select.replaceChildren(...app.data.themes.map(function (item, number) {
          return make('option', { value: String(number), textContent: item.title });
        }));
      }
      select.value = String(app.data.themes.indexOf(spec));
      name.textContent = spec.unit ? Maps.fill(app.words.with_unit, { title: spec.title, unit: spec.unit }) : spec.title;
      const lines = theme.rows.map(function (row, code) { return { row: row, code: code }; });
      if (spec.kind !== 'class') lines.splice(0, spec.legend.length, ...lines.slice(0, spec.legend.length).reverse());
      list.replaceChildren(...lines.map(function (line) {
        const node = make('button', { type: 'button', className: 'class' }, [Maps.swatch(line.row), make('span', { textContent: line.row.label })]);
        node.classList.toggle('off', theme.hidden.has(line.code));
        node.setAttribute('aria-pressed', String(!theme.hidden.has(line.code)));
        node.addEventListener('click', function () { view.toggle(line.code); });
        return node;
      }));
    };
  };

  /* Keeps two maps at one place and one scale. */
  function tie(one, other) {
    let busy = false;
    function follow(from, to) {
      return function () {
        if (busy || !to._container) return;
        busy = true;
        to.setView(from.getCenter(), from.getZoom(), { animate: false });
        busy = false;
      };
    }
    const there = follow(one, other), back = follow(other, one);
    one.on('move zoomend', there);
    other.on('move zoomend', back);
    return function () { one.off('move zoomend', there); };
  }

  function copyOverlays(app, map) {
    const copies = app.overlays.map(function (overlay) {
      const labels = overlay.labels.getLayers().map(function (marker) {
        const icon = Object.assign({}, marker.options.icon.options, { html: marker.options.icon.options.html.cloneNode(true) });
        return L.marker(marker.getLatLng(), { icon: L.divIcon(icon), interactive: false, keyboard: false });
      });
      return { from: overlay, layer: new Maps.OverlayLayer(overlay.layer.shapes, app.data.zoom, overlay.layer.options), labels: L.layerGroup(labels) };
    });
    return function () {
      copies.forEach(function (copy) {
        const on = app.map.hasLayer(copy.from.layer);
        [copy.layer, copy.labels].forEach(function (part) { if (on) part.addTo(map); else part.remove(); });
        copy.from.labels.getLayers().forEach(function (marker, i) {
          copy.labels.getLayers()[i].options.icon.options.html.style.display = marker.options.icon.options.html.style.display;
        });
      });
    };
  }

  function copyMarks(app, group) {
    group.clearLayers();
    app.marker.eachLayer(function (line) { group.addLayer(L.polyline(line.getLatLngs(), line.options)); });
  }

  Maps.beside = function (app) {
    const stage = document.getElementById('stage');
    const first = {
      layer: app.layer,
      show: app.showTheme,
      toggle: app.toggleClass
    };
    const drawFirst = Maps.mapLegend(app, app.map, first);
    let second = null;
    ['theme', 'classes'].forEach(function (name) {
      app.on(name, function () {
        drawFirst();
        if (second) second.refresh();
      });
    });
    app.on('mask', function () { if (second) second.layer.setMask(app.mask); });
    ['overlay', 'open', 'close', 'feature'].forEach(function (name) { app.on(name, function () { if (second) second.mirror(); }); });
    app.on('step', function (layer) { if (second) second.step(layer); });

    async function split() {
      const node = make('div', { id: 'map2' });
      document.getElementById('maps').appendChild(node);
      stage.classList.add('split');
      app.map.invalidateSize({ animate: false });
      const map = L.map(node, Object.assign({}, app.map.options, { layers: [], center: app.map.getCenter(), zoom: app.map.getZoom() }));
      map.attributionControl.setPrefix('Leaflet');
      const layer = new Maps.ThemeLayer(app.layer.shapes, app.data.zoom, { zIndex: 5 });
      second = build(map, layer);
      app.maps.push(map);
      drawFirst();
      await second.show(Math.min(app.data.themes.indexOf(app.theme.spec) + 1, app.data.themes.length - 1));
    }

    function build(map, layer) {
      const marks = L.layerGroup().addTo(map);
      const overlays = copyOverlays(app, map);
      const untie = tie(app.map, map);
      let wanted = -1, stepLayer = null;
      const view = { layer: layer, map: map, untie: untie };
      view.show = async function (number) {
        wanted = number;
        const theme = await app.loadTheme(number);
        if (wanted !== number || !second) return;
        layer.setTheme(theme);
        layer.setMask(app.mask);
        if (!map.hasLayer(layer)) layer.addTo(map);
        draw();
      };
      view.toggle = function (code) {
        const hidden = layer.theme.hidden;
        if (!hidden.delete(code)) hidden.add(code);
        app.layer.repaint();
        app.fire('classes');
      };
      view.refresh = function () {
        if (layer.theme) layer.repaint();
        draw();
      };
      view.mirror = function () {
        overlays();
        copyMarks(app, marks);
      };
      view.step = function (from) {
        if (stepLayer) stepLayer.remove();
        stepLayer = from ? new Maps.OverlayLayer(from.shapes, app.data.zoom, from.options).addTo(map) : null;
      };
      const draw = Maps.mapLegend(app, map, view);
      app.listenTo(map, layer);
      app.measure.listen(map);
      if (app.background) app.background.attach(map);
      view.mirror();
      view.step(app.stepLayer || null);
      app.map.on('zoomend', view.mirror);
      return view;
    }

    function join() {
      second.untie();
      app.map.off('zoomend', second.mirror);
      if (app.background) app.background.detach(second.map);
      app.maps.splice(app.maps.indexOf(second.map), 1);
      second.map.remove();
      document.getElementById('map2').remove();
      second = null;
      stage.classList.remove('split');
      app.map.invalidateSize({ animate: false });
    }

    if (app.data.themes.length < 2) return;
    Maps.bar(app.map, [{
      text: app.words.two_maps,
      name: 'beside',
      act: function (link) {
        if (second) join(); else split();
        link.textContent = link.title = second ? app.words.one_map : app.words.two_maps;
      }
    }]);
    app.on('resize', function () { if (second) second.map.invalidateSize({ animate: false }); });
  };
})(window.Maps, window.L);
