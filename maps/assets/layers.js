/* Layers of canvas tiles. A tile is drawn from a queue, in slices, so that panning and zooming stay smooth; what a
   tile shows is changed in one step, when all of it is ready. */
(function (Maps, L) {
  'use strict';
  const NO_CLASS = 255;
  const TILE = 256;
  const BLOCK = 2048;
  const SLICE_MS = 8;
  const FIRST_SLICE_MS = 60;
  const POINTS = 6000;

  /* Tiles to be drawn, by their canvas. Until the first ones are there nothing moves, so slices may be long. The browser
     draws paths after the slice, so their points are counted and not timed. */
  const jobs = new Map();
  const resting = [];
  let current = null;
  let waiting = false;
  let slice = FIRST_SLICE_MS;

  function enqueue(layer, tile, coords, done) {
    const old = jobs.get(tile);
    jobs.set(tile, { layer: layer, tile: tile, coords: coords, done: done || (old && old.done), steps: null });
    wait();
  }

  function forget(tile) {
    jobs.delete(tile);
    if (!jobs.size) wait();
  }

  /* The next frame, or a timer where the page is not shown and no frame comes. */
  function wait() {
    if (waiting) return;
    waiting = true;
    let called = false;
    const once = function () {
      if (called) return;
      called = true;
      waiting = false;
      work();
    };
    requestAnimationFrame(once);
    setTimeout(once, 50);
  }

  function work() {
    const end = performance.now() + slice;
    let points = 0;
    try {
      while (jobs.size && points < POINTS && performance.now() < end) points += advance();
    } finally {
      if (jobs.size) wait(); else rest();
    }
  }

  /* One step of one tile; a tile that fails is left as it is and does not hold up the others. */
  function advance() {
    if (!current || jobs.get(current.tile) !== current) current = nearest();
    const job = current;
    let step = { done: true, value: 0 }, failure = null;
    try {
      if (!job.steps) job.steps = job.layer.steps(job.tile, job.coords);
      step = job.steps.next();
    } catch (error) {
      failure = error;
    }
    if (step.done) {
      jobs.delete(job.tile);
      if (job.done) job.done(failure, job.tile);
    }
    if (failure) throw failure;
    return step.done ? step.value : 0;
  }

  function rest() {
    slice = SLICE_MS;
    resting.splice(0).forEach(function (go) { go(); });
  }

  /* A promise that is kept when every tile is as it should be. */
  Maps.drawn = function () {
    return new Promise(function (go) {
      resting.push(go);
      if (!jobs.size) rest();
    });
  };

  /* The tile nearest to the middle of its map. */
  function nearest() {
    let best = null, least = Infinity;
    jobs.forEach(function (job) {
      const map = job.layer._map;
      const middle = map ? map.project(map.getCenter(), job.coords.z).divideBy(TILE) : job.coords;
      const distance = Math.abs(job.coords.x + 0.5 - middle.x) + Math.abs(job.coords.y + 0.5 - middle.y);
      if (distance < least || !best) {
        best = job;
        least = distance;
      }
    });
    return best;
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
      this.size = TILE * this.ratio;
      L.GridLayer.prototype.initialize.call(this, options);
      this.on('tileunload', function (event) { forget(event.tile); });
    },

    createTile: function (coords, done) {
      const tile = document.createElement('canvas');
      tile.width = tile.height = this.size;
      enqueue(this, tile, coords, done);
      return tile;
    },

    /* Draws the tiles that are there once more, in place, without the flash of redraw(). */
    repaint: function () {
      const layer = this;
      Object.keys(this._tiles || {}).forEach(function (key) {
        enqueue(layer, layer._tiles[key].el, layer._tiles[key].coords);
      });
    },

    /* Draws a tile in steps; the number of points that the browser has yet to draw is returned with the last one. */
    steps: function* (tile, coords) {
      const perPixel = Math.pow(2, this.unitZoom - coords.z);
      const view = { west: coords.x * TILE * perPixel, north: coords.y * TILE * perPixel, scale: this.ratio / perPixel };
      const margin = 4 * perPixel;
      const side = TILE * perPixel;
      const rows = this.shapes.query(view.west - margin, view.north - margin, view.west + side + margin, view.north + side + margin);
      const context = tile.getContext('2d');
      if (rows.length) return yield* this.paint(context, rows, view);
      context.clearRect(0, 0, tile.width, tile.height);
      return 0;
    },

    /* The outlines of rows as one path, in steps. */
    trace: function* (rows, view) {
      const path = new Path2D();
      let points = 0, rest = POINTS / 4;
      for (const row of rows) {
        const more = this.shapes.trace(path, row, view, this.size);
        points += more;
        rest -= more;
        if (rest > 0) continue;
        rest = POINTS / 4;
        yield;
      }
      return { path: path, points: points };
    },

    at: function (latlng) {
      const point = this._map.project(latlng, this.unitZoom);
      return this.shapes.at(point.x, point.y, this.isShown && this.isShown.bind(this));
    }
  });

  /* The frame of the page, coloured by a theme. A mask hides rows: one byte for each, 0 where it is not shown. */
  Maps.ThemeLayer = ShapeLayer.extend({
    mask: null,

    setTheme: function (theme) {
      this.theme = theme;
      if (this._map) this.repaint();
    },

    /* The mask is kept, not copied; call again when its content has changed. Null shows all rows. */
    setMask: function (mask) {
      this.mask = mask;
      if (this._map) this.repaint();
    },

    isShown: function (row) {
      return !(this.mask && !this.mask[row]) && !this.theme.hidden.has(this.theme.codes[row]);
    },

    paint: function* (context, rows, view) {
      const theme = this.theme;
      const pixels = Maps.pixels(this.size);
      pixels.begin(view, theme);
      const large = yield* this.sort(pixels, rows, view);
      const paths = [];
      let points = 0;
      for (let code = 0; code < large.length; code++) {
        if (!large[code].length) continue;
        const traced = yield* this.trace(large[code], view);
        points += traced.points;
        paths.push({ path: traced.path, code: code });
      }
      context.putImageData(pixels.image, 0, 0);
      for (const part of paths) this.fillClass(context, part.path, theme, part.code);
      return points;
    },

    /* Colours the small rows pixel by pixel and gives the large ones by class. */
    sort: function* (pixels, rows, view) {
      const theme = this.theme, mask = this.mask, boxes = this.shapes.boxes[0];
      const shown = theme.colours.map(function (colour, code) { return !theme.hidden.has(code); });
      const middle = theme.colours.map(function () { return []; }), large = theme.colours.map(function () { return []; });
      const small = Maps.SMALL * this.ratio / view.scale, limit = Maps.MIDDLE * this.ratio / view.scale;
      for (let i = 0; i < rows.length; i++) {
        if (i % BLOCK === BLOCK - 1) yield;
        const row = rows[i], code = theme.codes[row];
        if ((mask && !mask[row]) || !shown[code]) continue;
        const side = Math.max(boxes[4 * row + 2] - boxes[4 * row], boxes[4 * row + 3] - boxes[4 * row + 1]);
        if (side < small) pixels.add(this.shapes, row); else (side < limit ? middle : large)[code].push(row);
      }
      pixels.settle();
      for (let code = 0; code < middle.length; code++) {
        for (let i = 0; i < middle[code].length; i++) {
          if (i % 256 === 255) yield;
          if (!pixels.fill(this.shapes, middle[code][i])) large[code].push(middle[code][i]);
        }
      }
      return large;
    },

    /* Filled by the nonzero rule: the even-odd rule would punch holes where polygons overlap. */
    fillClass: function (context, path, theme, code) {
      context.fillStyle = theme.colours[code];
      context.fill(path, 'nonzero');
      if (theme.hatched[code]) {
        context.fillStyle = hatch(context, 'rgba(60,60,60,.45)', this.ratio);
        context.fill(path, 'nonzero');
      }
      context.lineWidth = 0.6 * this.ratio;
      context.strokeStyle = '#5a5a5a';
      context.stroke(path);
    }
  });

  /* Zones, constraints and the like. */
  Maps.OverlayLayer = ShapeLayer.extend({
    paint: function* (context, rows, view) {
      const spec = this.options.spec;
      const traced = yield* this.trace(rows, view);
      context.clearRect(0, 0, this.size, this.size);
      if (spec.fill) {
        context.globalAlpha = 0.3;
        context.fillStyle = spec.colour;
        context.fill(traced.path, 'nonzero');
        context.globalAlpha = 1;
      }
      if (spec.hatch) {
        context.fillStyle = hatch(context, spec.colour, this.ratio);
        context.fill(traced.path, 'nonzero');
      }
      context.lineCap = 'round';
      context.lineWidth = (spec.fill || spec.hatch ? 1 : 2) * this.ratio;
      context.strokeStyle = spec.colour;
      context.stroke(traced.path);
      return traced.points;
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
