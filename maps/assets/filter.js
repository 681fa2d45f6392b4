/* The filter: limits on values and classes to be ticked. A row passes all of them or is not shown.
   Values are compared as they stand in the frame; a row without a value passes no limit. */
(function (Maps) {
  'use strict';
  if (window.MapsTooOld) return;
  const make = Maps.make;

  /* Values as they stand in the frame: their own column, or the quotient of two. Unpacked once for each theme. */
  async function exactValues(app, number) {
    const spec = app.data.themes[number];
    if (spec.exact !== undefined) return (await app.column(spec.exact)).values;
    const both = await Promise.all([app.column(spec.numerator), app.column(spec.denominator)]);
    const top = both[0].values, bottom = both[1].values;
    const made = new Float64Array(top.length);
    for (let i = 0; i < made.length; i++) made[i] = bottom[i] > 0 ? top[i] / bottom[i] : NaN;
    return made;
  }

  class Filter {
    constructor(app) {
      const rows = app.data.rows;
      this.app = app;
      this.limits = new Map();
      this.ticked = app.data.filters.map(function () { return new Set(); });
      this.chosen = new Uint8Array(rows).fill(1);
      this.mask = new Uint8Array(rows);
      this.loaded = [];
    }

    async values(number) {
      if (!this.loaded[number]) this.loaded[number] = exactValues(this.app, number);
      return this.loaded[number];
    }

    /* The theme whose classes a group of boxes ticks. */
    theme(number) {
      const spec = this.app.data.filters[number];
      if (spec.theme !== undefined) return this.app.loadTheme(spec.theme);
      if (!spec.loaded) spec.loaded = Maps.loadTheme(spec.spec, this.app.column);
      return spec.loaded;
    }

    active() {
      return this.limits.size > 0 || this.ticked.some(function (set) { return set.size > 0; });
    }

    /* Rows that have a ticked class of every group in which a class is ticked. */
    async choose() {
      const themes = await Promise.all(this.ticked.map(function (set, k) { return set.size ? this.theme(k) : null; }, this));
      const chosen = this.chosen.fill(1);
      themes.forEach(function (theme, k) {
        if (!theme) return;
        const passes = new Uint8Array(theme.rows.length);
        this.ticked[k].forEach(function (code) { passes[code] = 1; });
        for (let i = 0; i < chosen.length; i++) chosen[i] &= passes[theme.codes[i]];
      }, this);
    }

    /* Fills the mask and adds up what passes; `current` is the number of the theme that is shown. */
    async apply(current) {
      const numbers = Array.from(new Set([...this.limits.keys(), ...(this.app.data.themes[current].values === undefined ? [] : [current])]));
      const sources = [];
      for (const number of numbers) sources.push({ values: await this.values(number), limit: this.limits.get(number) });
      const spec = this.app.data.themes[current];
      const sums = spec.kind === 'ratio' ? await Promise.all([this.app.column(spec.numerator), this.app.column(spec.denominator)]) : null;
      const area = this.app.data.area === null ? null : (await this.app.column(this.app.data.area)).values;
      const mask = this.mask;
      mask.set(this.chosen);
      for (const source of sources) if (source.limit) cut(mask, source.values, source.limit.low, source.limit.high);
      const shown = sources.length && numbers.includes(current) ? sources[numbers.indexOf(current)].values : null;
      return Object.assign({ lacking: countLacking(this.chosen, sources) }, total(mask, area, sums, shown));
    }
  }

  function cut(mask, values, low, high) {
    for (let i = 0; i < mask.length; i++) if (!(values[i] >= low && values[i] < high)) mask[i] = 0;
  }

  function countLacking(chosen, sources) {
    if (!sources.length) return null;
    let lacking = 0;
    for (let i = 0; i < chosen.length; i++) {
      if (!chosen[i]) continue;
      for (const source of sources) {
        if (Number.isNaN(source.values[i])) {
          lacking++;
          break;
        }
      }
    }
    return lacking;
  }

  /* Numerator and denominator are summed where there are a value and both parts, as on the map. */
  function total(mask, area, sums, values) {
    const top = sums && sums[0].values, bottom = sums && sums[1].values;
    const found = { count: 0, area: area ? 0 : null, top: 0, bottom: 0 };
    for (let i = 0; i < mask.length; i++) {
      if (!mask[i]) continue;
      found.count++;
      if (area && area[i] === area[i]) found.area += area[i];
      if (!sums || values[i] !== values[i]) continue;
      const both = top[i] + bottom[i];
      if (both !== both) continue;
      found.top += top[i];
      found.bottom += bottom[i];
    }
    return found;
  }
  Maps.totals = total;

  function conditionText(app, number, limit) {
    const parts = [];
    if (limit.low > -Infinity) parts.push('≥ ' + plain(limit.low));
    if (limit.high < Infinity) parts.push('< ' + plain(limit.high));
    return app.data.themes[number].title + ' ' + parts.join(' · ');
  }

  function plain(value) {
    return value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 12 });
  }

  /* Two handles over the stops of the theme, and two fields for any other limit. */
  function limitFields(app, change) {
    const words = app.words;
    const handles = ['low', 'high'].map(function (side) {
      return make('input', { type: 'range', min: '0', step: '1', className: side });
    });
    const fields = ['low', 'high'].map(function (side) {
      return make('input', { type: 'number', step: 'any', className: side, placeholder: words.no_limit });
    });
    const box = make('div', { className: 'limits' }, [
      make('div', { className: 'handles' }, handles),
      make('div', { className: 'fields' }, [make('span', { textContent: '≥' }), fields[0], make('span', { textContent: '<' }), fields[1]])
    ]);
    let stops = [];

    function limit() {
      const low = fields[0].valueAsNumber, high = fields[1].valueAsNumber;
      return { low: Number.isNaN(low) ? -Infinity : low, high: Number.isNaN(high) ? Infinity : high };
    }
    function describe() {
      handles.forEach(function (handle, k) {
        handle.setAttribute('aria-valuetext', fields[k].value === '' ? words.no_limit : (k ? '< ' : '≥ ') + fields[k].value);
      });
      handles[0].style.zIndex = Number(handles[0].value) > stops.length / 2 ? '2' : '1';
      box.classList.toggle('crossed', limit().low >= limit().high);
    }
    function place() {
      const now = limit();
      handles[0].value = now.low === -Infinity ? 0 : stops.filter(function (stop) { return stop <= now.low; }).length;
      handles[1].value = now.high === Infinity ? stops.length + 1 : Math.max(1, stops.filter(function (stop) { return stop <= now.high; }).length);
      describe();
    }
    handles.forEach(function (handle, k) {
      handle.addEventListener('input', function () {
        const other = Number(handles[1 - k].value);
        const at = k ? Math.max(Number(handle.value), other + 1) : Math.min(Number(handle.value), other - 1);
        handle.value = at;
        fields[k].value = at === 0 || at > stops.length ? '' : String(stops[at - 1]);
        describe();
        change(limit());
      });
      fields[k].addEventListener('input', function () {
        place();
        change(limit());
      });
    });
    box.show = function (spec, now) {
      stops = spec.stops;
      handles.forEach(function (handle, k) {
        handle.max = stops.length + 1;
        handle.setAttribute('aria-label', spec.title + ' ' + words[k ? 'upper_limit' : 'lower_limit']);
        fields[k].setAttribute('aria-label', spec.title + ' ' + words[k ? 'upper_limit' : 'lower_limit']);
      });
      fields[0].value = now && now.low > -Infinity ? String(now.low) : '';
      fields[1].value = now && now.high < Infinity ? String(now.high) : '';
      place();
    };
    return box;
  }

  /* One fold of boxes for each theme whose classes can be ticked. */
  function classBoxes(app, filter, change) {
    return filter.ticked.map(function (ticked, k) {
      const head = app.data.filters[k];
      const spec = head.spec || app.data.themes[head.theme];
      const mark = make('small');
      const boxes = spec.legend.concat([spec.noData]).map(function (row, code) {
        const input = make('input', { type: 'checkbox' });
        input.addEventListener('change', function () {
          if (input.checked) ticked.add(code); else ticked.delete(code);
          change();
        });
        const label = make('label', {}, [input, Maps.swatch(row), make('span', { textContent: row.label }), make('small', { textContent: Maps.format(row.count, 0) })]);
        label.classList.toggle('empty', row.count === 0);
        return label;
      });
      const fold = make('details', {}, [make('summary', {}, [make('span', { textContent: spec.title }), mark])].concat(boxes));
      fold.refresh = function () {
        mark.textContent = ticked.size ? String(ticked.size) : '';
        fold.classList.toggle('on', ticked.size > 0);
        boxes.forEach(function (label, code) { label.firstChild.checked = ticked.has(code); });
      };
      return fold;
    });
  }

  function figureRows(app, spec, found, limited) {
    const words = app.words;
    const lines = [[words.passing, Maps.fill(words.of_all, { n: Maps.format(found.count, 0), all: Maps.format(app.data.rows, 0) })]];
    if (found.area !== null) lines.push([words.area, Maps.format(found.area, 1)]);
    if (spec.kind === 'ratio') {
      lines.push([spec.sumUnit ? Maps.fill(words.with_unit, { title: spec.sumLabel, unit: spec.sumUnit }) : spec.sumLabel, Maps.format(found.top, 2)]);
      const title = spec.unit ? Maps.fill(words.with_unit, { title: spec.title, unit: spec.unit }) : spec.title;
      lines.push([title, found.bottom > 0 ? Maps.format(found.top / found.bottom, 2) : words.missing]);
    }
    if (found.lacking !== null) lines.push([limited ? words.lacking_out : words.lacking_in, Maps.format(found.lacking, 0)]);
    return lines.map(function (line) { return make('tr', {}, [make('td', { textContent: line[0] }), make('td', { className: 'number', textContent: line[1] })]); });
  }

  Maps.filter = function (app) {
    const words = app.words;
    const filter = app.filter = new Filter(app);
    const figures = make('table', { id: 'passing' });
    figures.setAttribute('aria-live', 'polite');
    const chips = make('div', { className: 'chips' });
    const clear = make('button', { type: 'button', textContent: words.clear, id: 'clear' });
    const save = make('button', { type: 'button', textContent: words.export, id: 'export' });
    let current = -1;
    let running = false, again = false, chosen = true;
    const limits = limitFields(app, function (limit) {
      if (limit.low === -Infinity && limit.high === Infinity) filter.limits.delete(current); else filter.limits.set(current, limit);
      refresh();
    });
    const folds = classBoxes(app, filter, function () { refresh(true); });

    /* One run at a time; what changes meanwhile is taken up by one more run. */
    async function refresh(ticks) {
      if (ticks) chosen = false;
      again = true;
      if (running) return;
      running = true;
      while (again) {
        again = false;
        const choose = !chosen;
        chosen = true;
        if (choose) await filter.choose();
        const number = current;
        const found = await filter.apply(number);
        if (again) continue;
        const mask = filter.active() ? filter.mask : null;
        if (mask || app.mask) app.layer.setMask(mask);
        app.mask = mask;
        show(number, found);
        app.fire('mask');
      }
      running = false;
    }
    function show(number, found) {
      figures.replaceChildren(...figureRows(app, app.data.themes[number], found, filter.limits.size > 0));
      folds.forEach(function (fold) { fold.refresh(); });
      chips.replaceChildren(...Array.from(filter.limits, function (entry) {
        const chip = make('button', { type: 'button', textContent: conditionText(app, entry[0], entry[1]) + ' ×', title: words.remove });
        chip.addEventListener('click', function () {
          filter.limits.delete(entry[0]);
          showLimits();
          refresh();
        });
        return chip;
      }));
      clear.disabled = !filter.active();
    }
    function showLimits() {
      const spec = app.data.themes[current];
      limits.hidden = spec.values === undefined;
      if (!limits.hidden) limits.show(spec, filter.limits.get(current));
    }
    app.on('theme', function (number) {
      current = number;
      showLimits();
      refresh();
    });
    clear.addEventListener('click', function () {
      filter.limits.clear();
      filter.ticked.forEach(function (set) { set.clear(); });
      showLimits();
      refresh(true);
    });
    save.addEventListener('click', function () { Maps.exportRows(app, save); });
    const hint = make('p', { className: 'hint', textContent: words.filter_note });
    const parts = [limits, chips, make('div', { className: 'folds' }, folds), figures, make('div', { className: 'buttons' }, [clear, save]), hint];
    const made = Maps.section(words.filter, '', parts);
    made.id = 'filter';
    return made;
  };
})(window.Maps);
