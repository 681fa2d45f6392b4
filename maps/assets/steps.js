/* Deduction step by step: what is left after each, on the map and in mu, for all zones or the one selected. */
(function (Maps) {
  'use strict';
  const make = Maps.make;

  Maps.steps = function (app) {
    const spec = app.data.steps;
    const on = make('input', { type: 'checkbox' });
    const slide = make('input', { type: 'range', min: '0', max: String(spec.list.length - 1), step: '1', value: '0' });
    slide.setAttribute('aria-label', spec.title);
    const back = make('button', { type: 'button', textContent: app.words.step_back, className: 'back' });
    const next = make('button', { type: 'button', textContent: app.words.step_next, className: 'next' });
    const name = make('b'), value = make('span', { className: 'value' }), change = make('p', { className: 'hint' });
    const layers = [];
    let group = null, latest = 0;

    function amount(step) {
      const key = group === null ? null : app.data.group.keys[group];
      if (key === null) return step.all;
      const found = step.zones.find(function (zone) { return zone[0] === key; });
      return found ? found[1] : null;
    }

    function text(number) {
      return number === null ? app.words.not_given : Maps.fill(app.words.measure_mu, { n: Maps.format(number, 2) });
    }

    function write(at) {
      const now = amount(spec.list[at]), before = at ? amount(spec.list[at - 1]) : null;
      name.textContent = (at + 1) + ' / ' + spec.list.length + '  ' + spec.list[at].label;
      value.textContent = Maps.fill(app.words.step_left, { n: text(now) });
      const place = group === null ? app.words.all_zones : app.data.group.names[group];
      const less = now === null || before === null ? '' : Maps.fill(app.words.step_change, { n: text(before - now) });
      change.textContent = place + (less ? '  ' + less : '');
      back.disabled = at === 0;
      next.disabled = at === spec.list.length - 1;
    }

    async function layerOf(at) {
      if (!layers[at]) {
        layers[at] = Maps.shapes(spec.list[at].shapes).then(function (shapes) {
          return new Maps.OverlayLayer(shapes, app.data.zoom, { spec: spec, zIndex: 30 });
        });
      }
      return layers[at];
    }

    async function show() {
      const at = Number(slide.value), mine = ++latest;
      write(at);
      const layer = on.checked ? await layerOf(at) : null;
      if (mine !== latest) return;
      const old = app.stepLayer;
      app.stepLayer = layer;
      if (old && old !== layer) old.remove();
      if (layer) layer.addTo(app.map);
      app.fire('step', layer);
    }

    function go(by) {
      slide.value = String(Number(slide.value) + by);
      on.checked = true;
      show();
    }
    back.addEventListener('click', function () { go(-1); });
    next.addEventListener('click', function () { go(1); });
    slide.addEventListener('input', function () { go(0); });
    on.addEventListener('change', show);
    app.on('group', function (g) {
      group = app.data.group && g !== null && g < app.data.group.keys.length ? g : null;
      write(Number(slide.value));
    });
    on.checked = spec.shown;
    show();
    return make('section', { id: 'steps' }, [
      make('h2', { textContent: spec.title }),
      make('label', { className: 'on' }, [on, make('span', { textContent: app.words.step_show })]),
      slide, make('div', { className: 'figure' }, [name, value]), change, make('div', { className: 'buttons' }, [back, next])
    ]);
  };
})(window.Maps);
