/* Polygons of a few pixels, coloured pixel by pixel in a picture of one tile.
   Those smaller than SMALL pixels are summed: a pixel shows sum(numerator) / sum(denominator), or the class with the
   largest area, of equal ones the first in the legend. Nothing is left out at any zoom. Those up to MIDDLE pixels
   get the pixels whose centre they hold, so that neighbours leave no seam between them. */
(function (Maps) {
  'use strict';
  const ALONE = -1;
  const MIXED = -2;
  Maps.SMALL = 3;
  Maps.MIDDLE = 9;

  class Pixels {
    constructor(size) {
      this.size = size;
      this.image = new ImageData(size, size);
      this.colours = new Uint32Array(this.image.data.buffer);
      this.single = new Int16Array(size * size);
      this.top = new Float64Array(size * size);
      this.bottom = new Float64Array(size * size);
      this.weights = new Float64Array(0);
      this.x = [];
      this.turn = [];
    }

    begin(view, theme) {
      const classes = theme.colours.length;
      this.view = view;
      this.theme = theme;
      this.classes = classes;
      this.colours.fill(0);
      this.single.fill(ALONE);
      if (!theme.sums && this.weights.length !== this.size * this.size * classes) {
        this.weights = new Float64Array(this.size * this.size * classes);
      }
    }

    /* A row covers the pixels whose centre lies in its box, or else the one at its middle, in equal shares. */
    add(shapes, row) {
      const boxes = shapes.boxes[0], view = this.view, sums = this.theme.sums, size = this.size;
      const west = (boxes[4 * row] - view.west) * view.scale, east = (boxes[4 * row + 2] - view.west) * view.scale;
      const north = (boxes[4 * row + 1] - view.north) * view.scale, south = (boxes[4 * row + 3] - view.north) * view.scale;
      let x0 = Math.ceil(west - 0.5), x1 = Math.ceil(east - 0.5) - 1;
      let y0 = Math.ceil(north - 0.5), y1 = Math.ceil(south - 0.5) - 1;
      if (x1 < x0) x0 = x1 = Math.floor((west + east) / 2);
      if (y1 < y0) y0 = y1 = Math.floor((north + south) / 2);
      if (x1 < 0 || y1 < 0 || x0 >= size || y0 >= size) return;
      const share = 1 / ((x1 - x0 + 1) * (y1 - y0 + 1));
      const code = this.theme.codes[row];
      let top = 0, bottom = 0;
      if (!sums) {
        top = Math.max(1e-6, shapes.area(row)) * share;
      } else if (code < this.classes - 1 && !Number.isNaN(sums.top[row] + sums.bottom[row])) {
        top = sums.top[row] * share;
        bottom = sums.bottom[row] * share;
      }
      if (x0 < 0) x0 = 0;
      if (y0 < 0) y0 = 0;
      if (x1 >= size) x1 = size - 1;
      if (y1 >= size) y1 = size - 1;
      for (let y = y0; y <= y1; y++) {
        for (let p = y * size + x0, end = y * size + x1; p <= end; p++) {
          if (this.single[p] === ALONE) this.clear(p, code);
          else if (this.single[p] !== code) this.single[p] = MIXED;
          if (sums) {
            this.top[p] += top;
            this.bottom[p] += bottom;
          } else {
            this.weights[p * this.classes + code] += top;
          }
        }
      }
    }

    clear(p, code) {
      this.single[p] = code;
      this.top[p] = this.bottom[p] = 0;
      if (!this.theme.sums) for (let k = p * this.classes, end = k + this.classes; k < end; k++) this.weights[k] = 0;
    }

    /* Turns what was added up into colours. */
    settle() {
      const theme = this.theme;
      for (let p = 0; p < this.single.length; p++) {
        if (this.single[p] !== ALONE) this.colours[p] = theme.pixels[this.single[p] >= 0 ? this.single[p] : this.classOf(p)];
      }
    }

    classOf(p) {
      if (this.theme.sums) return ratioClass(this.theme.sums, this.top[p], this.bottom[p], this.classes - 1);
      let best = 0;
      for (let c = 1, k = p * this.classes; c < this.classes; c++) if (this.weights[k + c] > this.weights[k + best]) best = c;
      return best;
    }

    /* Colours the pixels whose centre a row holds, by the nonzero rule; false when it holds none at all. */
    fill(shapes, row) {
      const view = this.view, size = this.size, boxes = shapes.boxes[0];
      const colour = this.theme.pixels[this.theme.codes[row]];
      const first = Math.ceil((boxes[4 * row + 1] - view.north) * view.scale - 0.5);
      const last = Math.ceil((boxes[4 * row + 3] - view.north) * view.scale - 0.5) - 1;
      let held = false;
      for (let y = first; y <= last; y++) {
        const n = this.cross(shapes, row, view.north + (y + 0.5) / view.scale);
        for (let i = 0, winding = 0, from = 0; i < n; i++) {
          if (winding === 0) from = this.x[i];
          winding += this.turn[i];
          if (winding !== 0) continue;
          const x0 = Math.ceil((from - view.west) * view.scale - 0.5), x1 = Math.ceil((this.x[i] - view.west) * view.scale - 0.5);
          if (x1 > x0) held = true;
          if (y >= 0 && y < size && x0 < size && x1 > 0) this.colours.fill(colour, y * size + Math.max(0, x0), y * size + Math.min(size, x1));
        }
      }
      return held;
    }

    /* Where the outline of a row crosses a horizontal line, from west to east, and whether upwards or downwards. */
    cross(shapes, row, line) {
      const X = shapes.x, Y = shapes.y;
      let n = 0;
      for (let ring = shapes.ringStart[row]; ring < shapes.ringStart[row + 1]; ring++) {
        const start = shapes.vertexStart[ring], end = shapes.vertexStart[ring + 1];
        for (let p = start, q = end - 1; p < end; q = p++) {
          if ((Y[p] <= line) === (Y[q] <= line)) continue;
          const x = X[q] + (X[p] - X[q]) * (line - Y[q]) / (Y[p] - Y[q]);
          let i = n++;
          for (; i > 0 && this.x[i - 1] > x; i--) {
            this.x[i] = this.x[i - 1];
            this.turn[i] = this.turn[i - 1];
          }
          this.x[i] = x;
          this.turn[i] = Y[p] > Y[q] ? 1 : -1;
        }
      }
      return n;
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

  /* One picture is enough: tiles are drawn one after the other. */
  let shared = null;
  Maps.pixels = function (size) {
    if (!shared || shared.size !== size) shared = new Pixels(size);
    return shared;
  };
})(window.Maps);
