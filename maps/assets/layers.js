/* Layers of canvas tiles. A tile is drawn later, from a queue, so that panning and zooming stay smooth.
   Polygons smaller than three pixels are not drawn one by one: what they hold is summed per pixel, and the pixel
   shows sum(numerator) / sum(denominator) or the class with the largest area. Nothing is left out at any zoom. */
(function (Maps, L) {
  'use strict';
  const SMALL = 3;
  const NO_CLASS = 255;
  const TILE = 256;
  const SLICE_MS = 10;

  const jobs = [];
  let running = false;
  function work() {
    const start = performance.now();
    while (jobs.length && performance.now() - start < SLICE_MS) jobs.shift()();
    running = jobs.length > 0;
    if (running) setTimeout(work, 0);
  }
  function enqueue(job) {
    jobs.push(job);
    if (!running) {
      running = true;
      setTimeout(work, 0);
    }
  }

  /* Adds up small rows per pixel of one tile. The arrays are used again for every tile. */
  class PixelSums {
    constructor(size) {
      this.size = size;
      this.single = new Int16Array(size * size);
      this.top = new Float64Array(size * size);
      this.bottom = new Float64Array(size * size);
      this.weights = new Float32Array(0);
    }

    paint(context, shapes, rows, view, theme) {
      const classes = theme.colours.length;
      const sums = theme.sums;
      this.single.fill(-1);
      if (sums) {
        this.top.fill(0);
        this.bottom.fill(0);
      } else if (this.weights.length === this.size * this.size * classes) {
        this.weights.fill(0);
      } else {
        this.weights = new Float32Array(this.size * this.size * classes);
      }
      for (const row of rows) this.add(shapes.boxes[0], row, view, theme, classes);
      const image = context.createImageData(this.size, this.size);
      const pixels = new Uint32Array(image.data.buffer);
      for (let p = 0; p < pixels.length; p++) {
        const one = this.single[p];
        if (one === -1) continue;
        pixels[p] = theme.pixels[one >= 0 ? one : sums ? ratioClass(sums, this.top[p], this.bottom[p], classes - 1) : this.heaviest(p, classes)];
      }
      context.putImageData(image, 0, 0);
    }

    /* A row covers the pixels whose centre lies in its box, or else the one at its middle, in equal shares. */
    add(boxes, row, view, theme, classes) {
      const west = (boxes[4 * row] - view.west) * view.scale, east = (boxes[4 * row + 2] - view.west) * view.scale;
      const north = (boxes[4 * row + 1] - view.north) * view.scale, south = (boxes[4 * row + 3] - view.north) * view.scale;
      let x0 = Math.ceil(west - 0.5), x1 = Math.ceil(east - 0.5) - 1;
      let y0 = Math.ceil(north - 0.5), y1 = Math.ceil(south - 0.5) - 1;
      if (x1 < x0) x0 = x1 = Math.floor((west + east) / 2);
      if (y1 < y0) y0 = y1 = Math.floor((north + south) / 2);
      const share = 1 / ((x1 - x0 + 1) * (y1 - y0 + 1));
      const code = theme.codes[row];
      const sums = theme.sums;
      const summed = sums && code < classes - 1 && !Number.isNaN(sums.top[row] + sums.bottom[row]);
      for (let y = Math.max(0, y0); y <= Math.min(this.size - 1, y1); y++) {
        for (let x = Math.max(0, x0); x <= Math.min(this.size - 1, x1); x++) {
          const p = y * this.size + x;
          this.single[p] = this.single[p] === -1 || this.single[p] === code ? code : -2;
          if (!sums) {
            this.weights[p * classes + code] += Math.max(1e-6, (east - west) * (south - north)) * share;
          } else if (summed) {
            this.top[p] += sums.top[row] * share;
            this.bottom[p] += sums.bottom[row] * share;
          }
        }
      }
    }

    heaviest(p, classes) {
      let best = 0;
      for (let c = 1; c < classes; c++) if (this.weights[p * classes + c] > this.weights[p * classes + best]) best = c;
      return best;
    }
  }

  /* Left-closed classes, as in the legend. */
  function ratioClass(sums, top, bottom, noData) {
    if (!(bottom > 0)) return noData;
    if (sums.zeroClass && top === 0) return 0;
    const value = top / bottom;
    let code = 0;
    while (code < sums.breaks.length && value >= sums.breaks[code]) code++;
    return code + (sums.zeroClass ? 1 : 0);
  }

  const patterns = {};
  function hatch(context, colour, ratio) {
    const key = colour + ratio;
    if (!patterns[key]) {
      const cell = document.createElement('canvas');
      const size = cell.width = cell.height = 8 * ratio;
      const pen = cell.getContext('2d');
      pen.strokeStyle = colour;
      pen.lineWidth = ratio;
      pen.beginPath();
      for (const shift of [-size, 0, size]) {
        pen.moveTo(shift - 1, size + 1);
        pen.lineTo(shift + size + 1, -1);
      }
      pen.stroke();
      patterns[key] = context.createPattern(cell, 'repeat');
    }
    return patterns[key];
  }

  const ShapeLayer = L.GridLayer.extend({
    options: { tileSize: TILE, updateWhenZooming: false, keepBuffer: 1, minZoom: 0, maxZoom: 21 },

    initialize: function (shapes, unitZoom, options) {
      this.shapes = shapes;
      this.unitZoom = unitZoom;
      this.ratio = window.devicePixelRatio > 1.4 ? 2 : 1;
      L.GridLayer.prototype.initialize.call(this, options);
      this.on('tileunload', function (event) { event.tile.gone = true; });
    },

    createTile: function (coords, done) {
      const tile = document.createElement('canvas');
      tile.width = tile.height = TILE * this.ratio;
      const layer = this;
      enqueue(function () {
        if (!tile.gone) layer.draw(tile, coords);
        done(null, tile);
      });
      return tile;
    },

    /* Draws the tiles that are there once more, in place, without the flash of redraw(). */
    repaint: function () {
      const layer = this;
      Object.keys(this._tiles).forEach(function (key) {
        const tile = layer._tiles[key];
        enqueue(function () { if (!tile.el.gone) layer.draw(tile.el, tile.coords); });
      });
    },

    draw: function (tile, coords) {
      const perPixel = Math.pow(2, this.unitZoom - coords.z);
      const view = { west: coords.x * TILE * perPixel, north: coords.y * TILE * perPixel, scale: this.ratio / perPixel };
      const margin = 4 * perPixel;
      const side = TILE * perPixel;
      const rows = this.shapes.query(view.west - margin, view.north - margin, view.west + side + margin, view.north + side + margin);
      const context = tile.getContext('2d');
      context.clearRect(0, 0, tile.width, tile.height);
      if (rows.length) this.paint(context, rows, view);
    },

    at: function (latlng) {
      const point = this._map.project(latlng, this.unitZoom);
      return this.shapes.at(point.x, point.y);
    }
  });

  /* The frame of the page, coloured by a theme. */
  Maps.ThemeLayer = ShapeLayer.extend({
    setTheme: function (theme) {
      this.theme = theme;
      if (this._map) this.repaint();
    },

    paint: function (context, rows, view) {
      const theme = this.theme;
      const boxes = this.shapes.boxes[0];
      const limit = SMALL * this.ratio / view.scale;
      const small = [];
      const byClass = theme.colours.map(function () { return []; });
      let sides = 0;
      for (const row of rows) {
        const code = theme.codes[row];
        if (theme.hidden.has(code)) continue;
        const side = Math.max(boxes[4 * row + 2] - boxes[4 * row], boxes[4 * row + 3] - boxes[4 * row + 1]);
        if (side < limit) {
          small.push(row);
        } else {
          byClass[code].push(row);
          sides += side;
        }
      }
      if (small.length) this.pixelSums().paint(context, this.shapes, small, view, theme);
      const large = byClass.reduce(function (sum, list) { return sum + list.length; }, 0);
      const outlined = large > 0 && sides / large * view.scale > 9 * this.ratio;
      byClass.forEach(function (list, code) { if (list.length) this.fillClass(context, list, view, code, outlined); }, this);
    },

    /* Filled by the nonzero rule: the even-odd rule would punch holes where polygons overlap. */
    fillClass: function (context, rows, view, code, outlined) {
      context.beginPath();
      for (const row of rows) this.shapes.trace(context, row, view.west, view.north, view.scale);
      context.fillStyle = this.theme.colours[code];
      context.fill('nonzero');
      if (!outlined) return;
      if (this.theme.hatched[code]) {
        context.fillStyle = hatch(context, 'rgba(60,60,60,.45)', this.ratio);
        context.fill('nonzero');
      }
      context.lineWidth = 0.6 * this.ratio;
      context.strokeStyle = '#5a5a5a';
      context.stroke();
    },

    pixelSums: function () {
      if (!this._sums) this._sums = new PixelSums(TILE * this.ratio);
      return this._sums;
    }
  });

  /* Zones, constraints and the like. */
  Maps.OverlayLayer = ShapeLayer.extend({
    paint: function (context, rows, view) {
      const spec = this.options.spec;
      context.beginPath();
      for (const row of rows) this.shapes.trace(context, row, view.west, view.north, view.scale);
      if (spec.fill) {
        context.globalAlpha = 0.3;
        context.fillStyle = spec.colour;
        context.fill('nonzero');
        context.globalAlpha = 1;
      }
      if (spec.hatch) {
        context.fillStyle = hatch(context, spec.colour, this.ratio);
        context.fill('nonzero');
      }
      context.lineWidth = (spec.fill || spec.hatch ? 1 : 2) * this.ratio;
      context.strokeStyle = spec.colour;
      context.stroke();
    }
  });

  function toPixel(colour) {
    const n = parseInt(colour.slice(1), 16);
    return (0xff000000 | (n & 255) << 16 | n & 0xff00 | n >> 16) >>> 0;
  }

  /* Everything the layer and the legend need of a theme. The last class is that of no data. */
  Maps.loadTheme = async function (spec, column) {
    const rows = spec.legend.concat([spec.noData]);
    const theme = { spec: spec, rows: rows, hidden: new Set(), sums: null, values: null };
    theme.codes = await Maps.numbers(spec.codes);
    for (let i = 0; i < theme.codes.length; i++) if (theme.codes[i] === NO_CLASS) theme.codes[i] = rows.length - 1;
    theme.colours = rows.map(function (row) { return row.colour; });
    theme.pixels = Uint32Array.from(theme.colours, toPixel);
    theme.hatched = rows.map(function (row) { return row.hatched; });
    if (spec.values !== undefined) theme.values = await column(spec.values);
    if (spec.kind === 'ratio') {
      const both = await Promise.all([column(spec.numerator), column(spec.denominator)]);
      theme.sums = { top: both[0].values, bottom: both[1].values, breaks: spec.breaks, zeroClass: spec.zeroClass };
    }
    return theme;
  };
})(window.Maps, window.L);
