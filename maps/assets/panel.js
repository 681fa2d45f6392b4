/* The panel beside the map and the card over it. Text reaches the page by textContent only. */
(function (Maps) {
  'use strict';
  const LISTED = 50;

  /* An element with properties and children; a child that is a string becomes text. */
  function make(tag, properties, children) {
    const node = document.createElement(tag);
    Object.assign(node, properties || {});
    (children || []).forEach(function (child) {
      node.appendChild(typeof child === 'string' ? document.createTextNode(child) : child);
    });
    return node;
  }
  Maps.make = make;

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (all, name) { return name in values ? values[name] : all; });
  }

  function section(title, hint, children) {
    const head = make('h2', {}, [title].concat(hint ? [make('small', { textContent: hint })] : []));
    return make('section', {}, [head].concat(children));
  }

  Maps.section = section;
  Maps.fill = fill;

  function clickable(node, action) {
    node.classList.add('go');
    node.tabIndex = 0;
    node.addEventListener('click', action);
    node.addEventListener('keydown', function (event) { if (event.key === 'Enter') action(event); });
    return node;
  }

  function cells(tag, texts) {
    return texts.map(function (text, i) {
      return make(tag, { textContent: text, className: i && tag === 'td' ? 'number' : '' });
    });
  }

  /* One button per theme. */
  Maps.themePicker = function (app) {
    const box = make('div', { className: 'themes' });
    app.data.themes.forEach(function (theme, number) {
      const input = make('input', { type: 'radio', name: 'theme', value: String(number) });
      const label = make('label', {}, [input, make('span', { textContent: theme.title })]);
      input.addEventListener('change', function () { app.showTheme(number); });
      box.appendChild(label);
    });
    app.on('theme', function (number) {
      box.querySelectorAll('label').forEach(function (label, i) {
        label.classList.toggle('on', i === number);
        label.firstChild.checked = i === number;
      });
    });
    return section(app.words.theme, '', [box]);
  };

  function swatch(row) {
    const node = make('span', { className: 'swatch' });
    node.style.backgroundColor = row.colour;
    if (row.hatched) node.style.backgroundImage = 'repeating-linear-gradient(135deg, transparent 0 4px, rgba(60,60,60,.55) 4px 5px)';
    return node;
  }
  Maps.swatch = swatch;

  /* Classes with their counts and areas; a click hides a class. */
  Maps.legend = function (app) {
    const table = make('table', { className: 'legend' });
    const hint = make('p', { className: 'hint' });
    function draw() {
      const theme = app.theme;
      const spec = theme.spec;
      const withArea = spec.noData.area !== null;
      const count = function (n) { return Maps.format(n, 0); };
      const figures = function (row) { return [count(row.count)].concat(withArea ? [Maps.format(row.area, 1)] : []); };
      const title = spec.unit ? fill(app.words.with_unit, { title: spec.title, unit: spec.unit }) : spec.title;
      const head = [title, app.words.count].concat(withArea ? [app.words.area] : []);
      const lines = theme.rows.map(function (row, code) { return { row: row, code: code }; });
      if (spec.kind !== 'class') lines.splice(0, spec.legend.length, ...lines.slice(0, spec.legend.length).reverse());
      const body = lines.map(function (line) {
        const label = make('div', { className: 'class' }, [swatch(line.row), make('span', { textContent: line.row.label })]);
        const name = make('td', {}, [label]);
        const node = make('tr', {}, [name].concat(cells('td', [''].concat(figures(line.row))).slice(1)));
        node.classList.toggle('off', theme.hidden.has(line.code));
        return clickable(node, function () { app.toggleClass(line.code); });
      });
      const total = { count: 0, area: 0 };
      theme.rows.forEach(function (row) {
        total.count += row.count;
        total.area += row.area || 0;
      });
      const sum = make('tr', { className: 'sum' }, cells('td', [app.words.total].concat(figures(total))));
      table.replaceChildren(make('tr', {}, cells('th', head)), ...body, sum);
      hint.textContent = spec.kind === 'class' ? app.words.class_note : app.words.band_note;
    }
    app.on('theme', draw);
    app.on('classes', draw);
    return section(app.words.legend, '', [table, hint]);
  };

  /* Search for any part of the text in the columns named. */
  Maps.search = function (app) {
    const input = make('input', { id: 'search', type: 'search', placeholder: app.words.search_hint, autocomplete: 'off' });
    const count = make('p', { className: 'hint' });
    const list = make('table');
    let latest = 0;
    let draw = function () { list.replaceChildren(); };
    async function run() {
      const mine = ++latest;
      const text = input.value.trim();
      if (!text) {
        draw = function () { list.replaceChildren(); };
        draw();
        count.textContent = '';
        return;
      }
      const columns = await Promise.all(app.data.search.map(app.column));
      if (mine !== latest) return;
      const found = new Map();
      columns.forEach(function (column) {
        column.search(text, function (row) { if (!found.has(row)) found.set(row, column); });
      });
      const rows = Array.from(found.keys()).slice(0, LISTED);
      const zones = Maps.findFeatures(app, text);
      const size = found.size + zones.length;
      const words = size === 0 ? app.words.found_none : size > LISTED ? app.words.found_first : app.words.found;
      count.textContent = fill(words, { n: Maps.format(size, 0), k: LISTED });
      draw = function () {
        const nodes = zones.map(function (zone) { return featureResult(app, zone); })
          .concat(rows.map(function (row) { return result(app, columns[0], found.get(row), row); }));
        list.replaceChildren(...nodes.slice(0, LISTED));
      };
      draw();
    }
    input.addEventListener('input', run);
    app.on('mask', function () { draw(); });
    return section(app.words.search, '', [input, count, make('div', { id: 'results' }, [list])]);
  };

  function featureResult(app, zone) {
    const lines = [make('b', { textContent: zone.label }), make('small', { textContent: zone.title })];
    return clickable(make('tr', {}, [make('td', {}, lines)]), function () { app.openFeature(zone.overlay, zone.row); });
  }

  function result(app, names, where, row) {
    const name = names.text(row);
    const lines = [make('span', { textContent: name === null ? app.words.missing : name })];
    if (where !== names) lines.push(make('small', { textContent: where.text(row) }));
    if (!app.isDrawn(row)) lines.push(make('small', { textContent: app.words.no_shape }));
    else if (app.mask && !app.mask[row]) lines.push(make('small', { textContent: app.words.filtered_out }));
    return clickable(make('tr', {}, [make('td', {}, lines)]), function () { app.open(row, true); });
  }

  /* The ranking table: a click on a head sorts, a click on a row goes to its polygon. */
  Maps.ranking = function (app) {
    const spec = app.data.table;
    const table = make('table', { id: 'ranking' });
    const order = spec.links.map(function (link, i) { return i; });
    const state = { column: -1, up: false };
    const nodes = order.map(function (i) {
      const texts = spec.columns.map(function (column) {
        const cell = column.cells[i];
        return cell === null ? app.words.missing : column.digits === null ? cell : Maps.format(cell, column.digits);
      });
      const node = make('tr', {}, cells('td', texts));
      spec.columns.forEach(function (column, c) { node.cells[c].className = column.digits === null ? '' : 'number'; });
      const group = app.data.group ? app.data.group.tableRows.indexOf(i) : -1;
      if (!spec.links[i] && group < 0) return node;
      return clickable(node, function () {
        if (spec.links[i]) app.openFeature(spec.links[i][0], spec.links[i][1]); else app.fire('group', group);
        app.fire('reveal');
      });
    });
    const heads = spec.columns.map(function (column, c) {
      return clickable(make('th', { textContent: column.title, scope: 'col' }), function () { sort(c); });
    });
    function sort(c) {
      state.up = state.column === c ? !state.up : spec.columns[c].digits === null;
      state.column = c;
      const cellsOf = spec.columns[c].cells;
      order.sort(function (a, b) { return compare(cellsOf[a], cellsOf[b], state.up ? 1 : -1); });
      show();
    }
    function show() {
      heads.forEach(function (head, c) {
        head.classList.toggle('sorted', c === state.column);
        head.classList.toggle('up', state.up);
      });
      table.replaceChildren(make('tr', {}, heads), ...order.map(function (i) { return nodes[i]; }));
    }
    const box = make('div', { className: 'wide ranking' }, [table]);
    function mark(isMarked) {
      nodes.forEach(function (node, i) { node.classList.toggle('marked', isMarked(i)); });
      const first = nodes.find(function (node) { return node.classList.contains('marked'); });
      if (first) reveal(box, first);
    }
    app.on('feature', function (overlay, row) {
      if (!spec.links.some(function (link) { return link && link[0] === overlay; })) return;
      mark(function (i) { return !!spec.links[i] && spec.links[i][0] === overlay && spec.links[i][1] === row; });
    });
    app.on('group', function (group) {
      mark(function (i) { return group !== null && app.data.group.tableRows[group] === i; });
    });
    show();
    return section(app.words.ranking, app.words.ranking_hint, [box]);
  };

  /* Scrolls a row into sight: within its box, and with the panel where the panel scrolls by itself. */
  function reveal(box, node) {
    const head = box.querySelector('tr').offsetHeight;
    box.scrollTop = Math.min(Math.max(box.scrollTop, node.offsetTop + node.offsetHeight - box.clientHeight), node.offsetTop - head);
    const panel = document.getElementById('panel');
    const outer = panel.getBoundingClientRect(), inner = node.getBoundingClientRect();
    if (getComputedStyle(panel).overflowY === 'visible') return;
    if (inner.top < outer.top) panel.scrollTop -= outer.top - inner.top + head;
    else if (inner.bottom > outer.bottom) panel.scrollTop += inner.bottom - outer.bottom;
  }

  /* Missing values come last either way. */
  function compare(a, b, sign) {
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
    return sign * (typeof a === 'string' ? a.localeCompare(b, document.documentElement.lang) : a - b);
  }

  Maps.layerList = function (app) {
    const lines = app.data.overlays.map(function (spec, number) {
      const input = make('input', { type: 'checkbox', checked: spec.shown });
      input.addEventListener('change', function () { app.showOverlay(number, input.checked); });
      const sample = swatch({ colour: '#ffffff', hatched: false });
      sample.style.borderColor = spec.colour;
      sample.style.borderWidth = spec.fill || spec.hatch ? '1px' : '2px';
      if (spec.fill) sample.style.backgroundColor = spec.colour + '4d';
      if (spec.hatch) sample.style.backgroundImage = 'repeating-linear-gradient(135deg, transparent 0 4px, ' + spec.colour + ' 4px 5px)';
      return make('label', {}, [input, sample, make('span', { textContent: spec.title })]);
    });
    return section(app.words.layers, '', [make('div', { className: 'layers' }, lines.concat(Maps.imageList(app)))]);
  };

  Maps.notes = function (app) {
    const lines = app.data.notes.map(function (text) { return make('li', { textContent: text }); });
    const list = lines.length ? [make('ul', { className: 'notes' }, lines)] : [];
    const internal = make('p', { className: 'internal', textContent: app.words.internal });
    return section(app.words.notes, '', list.concat([internal]));
  };

  /* The lines of a card under their heading; `read(i)` gives the text of line i. Prose that is missing has no heading. */
  function cardLines(app, specs, read) {
    const texts = specs.map(function (line, i) { return read(i); });
    const said = texts.map(function (text) { return text !== null && text !== ''; });
    const lines = specs.map(function (line, i) {
      const text = texts[i];
      return [line.label, !said[i] ? app.words.missing : text + (line.unit ? ' ' + line.unit : '')];
    });
    const isProse = function (line, i) { return specs[i].prose; };
    const short = lines.filter(function (line, i) { return !isProse(line, i); });
    const parts = [make('table', {}, short.map(function (line) { return make('tr', {}, cells('td', line)); }))];
    lines.filter(function (line, i) { return isProse(line, i) && said[i]; }).forEach(function (line) {
      parts.push(make('h4', { textContent: line[0] }));
      parts.push(make('div', { className: 'prose' }, line[1].split('\n').map(function (text) { return make('p', { textContent: text }); })));
    });
    return parts;
  }

  /* The card of one row and of the features over it, with the lines the maker of the page chose. */
  Maps.card = function (app) {
    const card = document.getElementById('card');
    let latest = 0, parts = [];
    function header(title) {
      const close = make('button', { type: 'button', textContent: '×', title: app.words.close });
      close.addEventListener('click', app.close);
      return make('header', {}, [make('h3', { textContent: title }), close]);
    }
    function draw() {
      card.replaceChildren(...parts);
      card.hidden = false;
      card.scrollTop = 0;
    }
    let row = Promise.resolve();
    async function show(number) {
      const mine = ++latest;
      const columns = await Promise.all(app.data.card.map(function (line) { return app.column(line.column); }));
      const names = await app.column(app.data.label);
      if (mine !== latest) return;
      const name = names.text(number);
      parts = [header(name === null ? app.words.missing : name)];
      if (!app.isDrawn(number)) parts.push(make('p', { className: 'no-shape', textContent: app.words.no_shape }));
      parts = parts.concat(cardLines(app, app.data.card, function (i) { return columns[i].text(number); }));
      draw();
    }
    async function feature(overlay, number) {
      const spec = app.data.overlays[overlay];
      if (!spec.card) return;
      const mine = latest, before = row;
      spec.loaded = spec.loaded || Maps.columns(spec.columns);
      const columns = await Promise.all(spec.columns.map(function (column, i) { return spec.loaded(i); }));
      await before;
      if (mine !== latest) return;
      const title = spec.title + (spec.labels ? ' ' + spec.labels[number] : '');
      parts.push(parts.length ? make('h4', { className: 'feature', textContent: title }) : header(title));
      parts = parts.concat(cardLines(app, spec.card, function (i) { return columns[i].text(number); }));
      draw();
    }
    app.on('open', function (number) { row = show(number); });
    app.on('feature', feature);
    app.on('close', function () {
      latest++;
      parts = [];
      row = Promise.resolve();
      card.hidden = true;
    });
  };
})(window.Maps);
