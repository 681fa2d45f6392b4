/* Measuring by clicks: lengths along geodesics, areas on the ellipsoid. Double click or Enter ends, Esc clears. */
(function (Maps, L) {
  'use strict';
  const make = Maps.make, fill = Maps.fill;
  const SAME = 4;
  const COLOUR = '#7a1fa2';

  function metres(app, value) {
    if (value === null) return app.words.missing;
    return value < 1000 ? Maps.format(value, 1) + ' m' : Maps.format(value / 1000, 3) + ' km';
  }

  function squares(app, value) {
    const mu = fill(app.words.measure_mu, { n: Maps.format(value / Maps.geodesy.MU, 2) });
    return mu + '\n' + (value < 1e6 ? Maps.format(value, 0) + ' m²' : Maps.format(value / 1e6, 4) + ' km²');
  }

  /* Whether an outline cuts itself: it has no area then. */
  function crosses(points) {
    const side = function (a, b, c) { return Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)); };
    const n = points.length;
    for (let i = 0; i < n; i++) {
      for (let j = i + 2; j < n; j++) {
        if (i === 0 && j === n - 1) continue;
        const a = points[i], b = points[i + 1], c = points[j], d = points[(j + 1) % n];
        if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return true;
      }
    }
    return false;
  }

  Maps.measure = function (app) {
    const drawing = L.layerGroup();
    const text = make('div', { className: 'figure' });
    const end = make('button', { type: 'button', textContent: app.words.measure_end, className: 'end' });
    const clear = make('button', { type: 'button', textContent: app.words.clear_measure, className: 'clear' });
    const note = make('p', { textContent: app.words.measure_note });
    const box = make('div', { id: 'measure', hidden: true }, [text, make('div', { className: 'buttons' }, [end, clear]), note]);
    document.getElementById('stage').appendChild(box);
    const state = app.measure = { mode: null, open: false, points: [], map: null, value: null };

    function lonLats(points) {
      return points.map(function (p) { return [p.lng, p.lat]; });
    }

    function total(points) {
      const line = lonLats(points), parts = line.slice(1).map(function (p, i) { return Maps.geodesy.length(line[i], p); });
      return parts.includes(null) ? null : parts.reduce(function (sum, part) { return sum + part; }, 0);
    }

    function figure(points) {
      if (state.mode === 'length') {
        state.value = total(points);
        return points.length < 2 ? app.words.measure_hint : metres(app, state.value);
      }
      state.value = null;
      if (points.length < 3) return app.words.measure_hint;
      if (crosses(points.map(function (p) { return app.map.project(p, app.data.zoom); }))) return app.words.measure_crossed;
      state.value = Maps.geodesy.area(lonLats(points));
      return squares(app, state.value) + '\n' + fill(app.words.measure_around, { n: metres(app, total(points.concat([points[0]]))) });
    }

    function draw(extra) {
      const points = extra ? state.points.concat([extra]) : state.points;
      drawing.clearLayers();
      const style = { color: COLOUR, weight: 2, dashArray: state.open ? '6 4' : null, fillOpacity: 0.12, interactive: false };
      drawing.addLayer(state.mode === 'area' ? L.polygon(points, style) : L.polyline(points, style));
      state.points.forEach(function (p) {
        drawing.addLayer(L.circleMarker(p, { radius: 3, color: COLOUR, fillColor: '#fff', fillOpacity: 1, weight: 2, interactive: false }));
      });
      text.textContent = figure(points);
    }

    function put(mode) {
      app.maps.forEach(function (map) { map.getContainer().classList.toggle('measuring', mode !== null); });
      app.maps.forEach(function (map) { map.doubleClickZoom[mode ? 'disable' : 'enable'](); });
      bar.querySelectorAll('a').forEach(function (link) { link.classList.toggle('on', mode !== null && link.classList.contains(mode)); });
      box.hidden = mode === null;
    }

    function begin(mode) {
      const again = state.mode === mode;
      stop();
      if (again) return;
      app.close();
      Object.assign(state, { mode: mode, open: true, points: [], map: app.map });
      drawing.addTo(app.map);
      put(mode);
      draw();
    }

    function finish() {
      if (!state.open) return;
      state.open = false;
      draw();
    }

    function stop() {
      Object.assign(state, { mode: null, open: false, points: [], map: null, value: null });
      drawing.clearLayers();
      drawing.remove();
      put(null);
    }

    /* A click while a measure is open; says whether it was taken. */
    state.click = function (event) {
      if (state.mode === null) return false;
      if (!state.open) Object.assign(state, { open: true, points: [] });
      if (event.target !== state.map) {
        drawing.remove();
        drawing.addTo(event.target);
        state.map = event.target;
      }
      const last = state.points[state.points.length - 1];
      const at = event.target.latLngToContainerPoint(event.latlng);
      if (!last || event.target.latLngToContainerPoint(last).distanceTo(at) > SAME) state.points.push(event.latlng);
      draw();
      return true;
    };

    state.listen = function (map) {
      map.on('mousemove', function (event) { if (state.open && state.points.length && map === state.map) draw(event.latlng); });
      map.on('dblclick', finish);
      if (state.mode) {
        map.getContainer().classList.add('measuring');
        map.doubleClickZoom.disable();
      }
      map.on('unload', function () { if (state.map === map) stop(); });
    };

    const bar = Maps.bar(app.map, [
      { text: app.words.measure_length, name: 'length', act: function () { begin('length'); } },
      { text: app.words.measure_area, name: 'area', act: function () { begin('area'); } }
    ]);
    end.addEventListener('click', finish);
    clear.addEventListener('click', stop);
    document.addEventListener('keydown', function (event) {
      if (state.mode === null || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
      if (event.key === 'Enter') finish();
      else if (event.key === 'Escape') stop();
    });
    state.listen(app.map);
  };
})(window.Maps, window.L);
