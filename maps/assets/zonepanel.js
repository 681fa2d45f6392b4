/* The zone panel: figures, classes and waterfall of one zone or of all. Counts are those of the legend restricted to the
   rows of the zone; the filter does not change them. */
(function (Maps) {
  'use strict';
  if (window.MapsTooOld) return;
  const make = Maps.make;
  const NO_GROUP = 65535;

  /* Rows and areas of each class of a theme among the rows of a group; `group` null stands for all rows. */
  function classTotals(theme, codes, group, area) {
    const counts = new Array(theme.rows.length).fill(0), areas = new Array(theme.rows.length).fill(0);
    for (let i = 0; i < theme.codes.length; i++) {
      if (group !== null && codes[i] !== group) continue;
      counts[theme.codes[i]]++;
      if (area && area[i] === area[i]) areas[theme.codes[i]] += area[i];
    }
    return { counts: counts, areas: areas };
  }

  function bar(value, most, text, colour) {
    const fill = make('span', { className: 'fill' });
    fill.style.width = most > 0 ? Math.max(value / most * 100, value > 0 ? 1 : 0) + '%' : '0';
    fill.style.backgroundColor = colour;
    return make('td', { className: 'number' }, [make('div', { className: 'bar' }, [fill]), make('span', { textContent: text })]);
  }

  /* One line per class with two bars: number and area. */
  function bars(app, theme, found) {
    const withArea = app.data.area !== null;
    const most = [Math.max(...found.counts), Math.max(...found.areas)];
    const head = [theme.spec.title, app.words.count].concat(withArea ? [app.words.area] : []);
    const lines = theme.rows.map(function (row, code) {
      const name = make('td', {}, [make('div', { className: 'class' }, [Maps.swatch(row), make('span', { textContent: row.label })])]);
      const parts = [name, bar(found.counts[code], most[0], Maps.format(found.counts[code], 0), row.colour)];
      if (withArea) parts.push(bar(found.areas[code], most[1], Maps.format(found.areas[code], 1), row.colour));
      return make('tr', {}, parts);
    });
    if (theme.spec.kind !== 'class') lines.splice(0, lines.length - 1, ...lines.slice(0, -1).reverse());
    return make('table', { className: 'bars' }, [make('tr', {}, head.map(function (text) { return make('th', { textContent: text }); })), ...lines]);
  }

  function lineOf(label, text) {
    return make('tr', {}, [make('td', { textContent: label }), make('td', { className: 'number', textContent: text })]);
  }

  /* The figures that Python gave, or else the row of the ranking table. */
  function givenFigures(app, group) {
    const spec = app.data.group;
    const given = spec.figures || (app.data.table && { columns: app.data.table.columns, rows: spec.tableRows });
    const row = given && group !== null && group < spec.keys.length ? given.rows[group] : -1;
    if (!(row >= 0)) return [];
    return given.columns.filter(function (column) { return column.cells[row] !== spec.names[group]; }).map(function (column) {
      const cell = column.cells[row];
      return lineOf(column.title, cell === null ? app.words.missing : column.digits === null ? cell : Maps.format(cell, column.digits));
    });
  }

  /* Number, area and, for a ratio, sum and ratio of sums. */
  async function ownFigures(app, number, codes, group, area) {
    const spec = app.data.themes[number];
    const mask = new Uint8Array(app.data.rows);
    for (let i = 0; i < mask.length; i++) mask[i] = group === null || codes[i] === group ? 1 : 0;
    const ratio = spec.kind === 'ratio';
    const sums = ratio ? await Promise.all([app.column(spec.numerator), app.column(spec.denominator)]) : null;
    const values = ratio ? await app.filter.values(number) : null;
    const found = Maps.totals(mask, area, sums, values);
    const lines = [lineOf(app.words.count, Maps.format(found.count, 0))];
    if (found.area !== null) lines.push(lineOf(app.words.area, Maps.format(found.area, 1)));
    if (ratio) {
      const titled = function (title, unit) { return unit ? Maps.fill(app.words.with_unit, { title: title, unit: unit }) : title; };
      lines.push(lineOf(titled(spec.sumLabel, spec.sumUnit), Maps.format(found.top, 2)));
      lines.push(lineOf(titled(spec.title, spec.unit), found.bottom > 0 ? Maps.format(found.top / found.bottom, 2) : app.words.missing));
    }
    return lines;
  }

  /* The waterfall of a group; for all, the one that belongs to no group. */
  function waterfallOf(app, group) {
    const spec = app.data.group;
    const belongs = function (chart, k) { return chart.key === null ? chart.title === spec.names[k] : chart.key === spec.keys[k]; };
    return app.data.charts.find(function (chart) {
      return group === null ? !spec.keys.some(function (key, k) { return belongs(chart, k); }) : group < spec.keys.length && belongs(chart, group);
    });
  }

  function choices(spec, words, outside) {
    const option = function (value, text) { return make('option', { value: value, textContent: text }); };
    const made = [option('', words.all_zones)].concat(spec.names.map(function (name, k) { return option(String(k), name); }));
    return outside ? made.concat([option(String(NO_GROUP), words.outside_zones)]) : made;
  }

  /* Goes to the polygon of a group where there is one, and shows the group in panel and table. */
  function linkGroups(app) {
    const spec = app.data.group;
    const overlay = spec.overlay === null ? null : app.overlays[spec.overlay].spec;
    const rowOf = new Map();
    const groupOf = new Map(spec.keys.map(function (key, k) { return [key, k]; }));
    if (overlay) overlay.keys.forEach(function (key, row) { if (!rowOf.has(key)) rowOf.set(key, row); });
    app.openGroup = function (group) {
      const row = rowOf.get(spec.keys[group]);
      if (row === undefined) app.fire('group', group); else app.openFeature(spec.overlay, row);
    };
    app.on('feature', function (number, row) {
      const group = overlay && number === spec.overlay ? groupOf.get(overlay.keys[row]) : undefined;
      if (group !== undefined) app.fire('group', group);
    });
  }

  Maps.zonePanel = function (app) {
    const spec = app.data.group, words = app.words;
    const place = make('div');
    const choice = make('select', { id: 'zone-choice' });
    choice.setAttribute('aria-label', words.zone_panel);
    const titles = app.data.themes.map(function (theme) { return theme.title; });
    const classThemes = app.data.themes.map(function (theme, k) { return k; }).filter(function (k) { return app.data.themes[k].kind === 'class'; });
    const second = make('select', { id: 'zone-classes' }, classThemes.map(function (k) { return make('option', { value: String(k), textContent: titles[k] }); }));
    second.setAttribute('aria-label', words.theme);
    let group = null;
    let current = 0;
    let latest = 0;
    const loaded = Maps.numbers(spec.codes);
    loaded.then(function (codes) { choice.replaceChildren(...choices(spec, words, codes.includes(NO_GROUP))); });
    linkGroups(app);

    async function show() {
      const mine = ++latest;
      const codes = await loaded;
      const area = app.data.area === null ? null : (await app.column(app.data.area)).values;
      const theme = app.theme;
      const other = classThemes.length && theme.spec.kind !== 'class' ? await app.loadTheme(Number(second.value)) : null;
      const own = await ownFigures(app, current, codes, group, area);
      const given = givenFigures(app, group);
      if (mine !== latest) return;
      choice.value = group === null ? '' : String(group);
      const parts = given.length ? [make('h3', { textContent: words.zone_given }), make('table', { id: 'zone-given' }, given)] : [];
      parts.push(make('h3', { textContent: words.zone_own }), make('table', { id: 'zone-own' }, own));
      parts.push(bars(app, theme, classTotals(theme, codes, group, area)));
      if (other) parts.push(second, bars(app, other, classTotals(other, codes, group, area)));
      const chart = waterfallOf(app, group);
      if (chart) parts.push(make('h3', { textContent: words.waterfall }), Maps.waterfall(chart, words));
      place.replaceChildren(...parts);
    }

    choice.addEventListener('change', function () {
      const wanted = choice.value === '' ? null : Number(choice.value);
      if (wanted !== null && wanted < spec.keys.length) app.openGroup(wanted); else app.fire('group', wanted);
    });
    second.addEventListener('change', show);
    app.on('theme', function (number) {
      current = number;
      show();
    });
    app.on('group', function (wanted) {
      group = wanted;
      show();
    });
    const made = Maps.section(words.zone_panel, words.zone_hint, [choice, place]);
    made.id = 'zone';
    app.on('reveal', function () { made.scrollIntoView({ block: 'nearest' }); });
    return made;
  };

  /* Features of the overlays whose name on the map holds the text. */
  Maps.findFeatures = function (app, text) {
    const wanted = text.toLowerCase();
    const found = [];
    app.overlays.forEach(function (overlay, number) {
      (overlay.spec.labels || []).forEach(function (label, row) {
        if (label.toLowerCase().includes(wanted)) found.push({ overlay: number, row: row, label: label, title: overlay.spec.title });
      });
    });
    return found;
  };
})(window.Maps);
