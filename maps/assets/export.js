/* The rows that pass the filter as a CSV file that spreadsheets open without running or mangling anything. */
(function (Maps) {
  'use strict';
  if (window.MapsTooOld) return;
  const CHUNK = 5000;
  const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
  const NUMBER = /^[+-]?\d+(\.\d+)?$/;
  const CODE = /^(\d{12,}|0\d+|\d+[eE]\d+)$/;

  /* One field. A text that a spreadsheet would run as a formula gets an apostrophe in front; a long code, which it would
     round to fifteen digits, a tab behind. */
  function field(text) {
    if (text === null) return '';
    let safe = text;
    if (CODE.test(text)) safe = text + '\t';
    else if (FORMULA.test(text) && !NUMBER.test(text)) safe = "'" + text;
    return /[",\r\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  }

  /* The fields of a column: numbers without separators of thousands, each of few different texts made once. */
  function fieldsOf(column) {
    if (column.values !== undefined) {
      return function (row) {
        const value = column.values[row];
        return Number.isNaN(value) ? '' : column.digits === null ? String(value) : value.toFixed(column.digits);
      };
    }
    if (column.codes === undefined) return function (row) { return field(column.text(row)); };
    const made = [];
    return function (row) {
      const code = column.codes[row];
      if (made[code] === undefined) made[code] = field(column.text(row));
      return made[code];
    };
  }

  /* Rows in the order of their names. */
  function sorted(rows, names) {
    const texts = rows.map(function (row) { return names.text(row) || ''; });
    const order = texts.map(function (text, i) { return i; });
    order.sort(function (a, b) { return texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : a - b; });
    return order.map(function (i) { return rows[i]; });
  }

  function fileName(title, word) {
    const plain = title.replace(/[\\/:*?"<>|\u0000-\u001f\u007f\u2028\u2029]+/g, '_').slice(0, 80);
    return plain + '_' + word + '.csv';
  }

  async function lines(app) {
    const shown = app.data.card.filter(function (line) { return !line.prose; });
    const columns = await Promise.all(shown.map(function (line) { return app.column(line.column); }));
    const names = await app.column(app.data.label);
    const heads = shown.map(function (line) { return line.unit ? Maps.fill(app.words.with_unit, { title: line.label, unit: line.unit }) : line.label; });
    if (!columns.includes(names)) {
      columns.unshift(names);
      heads.unshift(app.data.labelName);
    }
    const fields = columns.map(fieldsOf);
    const rows = [];
    for (let row = 0; row < app.data.rows; row++) if (!app.mask || app.mask[row]) rows.push(row);
    const ordered = sorted(rows, names);
    const parts = ['\ufeff' + heads.map(field).join(',') + '\r\n'];
    for (let start = 0; start < ordered.length; start += CHUNK) {
      parts.push(ordered.slice(start, start + CHUNK).map(function (row) {
        return fields.map(function (made) { return made(row); }).join(',') + '\r\n';
      }).join(''));
      await new Promise(function (done) { setTimeout(done, 0); });
    }
    return parts;
  }

  Maps.exportRows = async function (app, button) {
    button.disabled = true;
    button.textContent = app.words.exporting;
    const parts = await lines(app);
    const link = Maps.make('a', { download: fileName(app.data.title, app.words.export_name) });
    link.href = URL.createObjectURL(new Blob(parts, { type: 'text/csv;charset=utf-8' }));
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 60000);
    button.textContent = app.words.export;
    button.disabled = false;
  };
})(window.Maps);
