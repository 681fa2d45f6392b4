/* Waterfalls of the panel. Text goes in as text nodes; colours are attributes, as the page allows no inline style. */
(function (Maps) {
  'use strict';
  if (window.MapsTooOld) return;

  const SVG = 'http://www.w3.org/2000/svg';
  const COLOURS = { total: '#44546a', hard: '#b5523b', soft: '#d9a441', left: '#2e8b57', part: '#7fbf9a' };
  const WIDTH = 320, ROW = 22, LEFT = 118, RIGHT = 62;

  function node(tag, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function draw(chart, words) {
    const most = Math.max.apply(null, chart.bars.map(function (bar) { return bar.start + (bar.size || 0); }).concat([1e-9]));
    const scale = (WIDTH - LEFT - RIGHT) / most;
    const height = chart.bars.length * ROW + 4;
    const svg = node('svg', { viewBox: '0 0 ' + WIDTH + ' ' + height, 'class': 'waterfall', role: 'img' });
    svg.appendChild(node('title', {}, chart.title));
    chart.bars.forEach(function (bar, i) {
      const y = i * ROW + 3;
      const name = bar.label.length > 9 ? bar.label.slice(0, 8) + '…' : bar.label;
      const label = node('text', { x: LEFT - 6, y: y + 12, 'text-anchor': 'end', 'font-size': 11, fill: '#222' }, name);
      label.appendChild(node('title', {}, bar.label));
      svg.appendChild(label);
      const end = LEFT + (bar.start + (bar.size || 0)) * scale;
      if (bar.size !== null) {
        svg.appendChild(node('rect', {
          x: LEFT + bar.start * scale, y: y, width: Math.max(bar.size * scale, 0.6), height: ROW - 7, fill: COLOURS[bar.kind]
        }));
      }
      const figure = bar.size === null ? words.not_given : (bar.kind === 'hard' || bar.kind === 'soft' ? '−' : '') + Maps.format(bar.size, 1);
      svg.appendChild(node('text', { x: end + 4, y: y + 12, 'font-size': 11, fill: bar.size === null ? '#888' : '#222' }, figure));
    });
    return svg;
  }

  Maps.waterfall = draw;

  /* The waterfalls of a page without a zone panel, one at a time: the one that is chosen or whose zone is clicked. */
  Maps.charts = function (app) {
    const charts = app.data.charts;
    const place = document.createElement('div');
    const choice = document.createElement('select');
    choice.setAttribute('aria-label', app.words.waterfall);
    charts.forEach(function (chart, i) {
      const option = document.createElement('option');
      option.value = i;
      option.textContent = chart.title;
      choice.appendChild(option);
    });
    function belongs(chart, overlay, row) {
      const spec = app.overlays[overlay].spec;
      return chart.key === null ? !!spec.labels && spec.labels[row] === chart.title : !!spec.keys && spec.keys[row] === chart.key;
    }
    app.on('feature', function (overlay, row) {
      const found = charts.findIndex(function (chart) { return belongs(chart, overlay, row); });
      if (found < 0) return;
      choice.value = found;
      show();
    });
    function show() { place.replaceChildren(draw(charts[choice.value], app.words)); }
    choice.addEventListener('change', show);
    show();
    const box = document.createElement('div');
    box.appendChild(choice);
    box.appendChild(place);
    return Maps.section(app.words.waterfall, charts[0].unit, [box]);
  };
})(window.Maps);
