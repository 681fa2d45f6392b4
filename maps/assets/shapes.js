/* Packed polygons: decoding, a tree of bounding boxes, and the question which polygon holds a point.
   Coordinates are whole pixels of zoom level 19, x to the east and y to the south, so that a tile of zoom z
   shows them divided by 2^(19 - z). Rows stand in Hilbert order, so neighbours in the list are near on the map. */
(function (Maps) {
  'use strict';
  const FAN = 16;

  class Shapes {
    constructor(parts) {
      this.rows = parts.ringCount.length;
      this.ringStart = sums(parts.ringCount);
      this.vertexStart = sums(parts.vertexCount);
      this.x = unroll(parts.firstX, parts.stepX, this.vertexStart);
      this.y = unroll(parts.firstY, parts.stepY, this.vertexStart);
      this.boxes = [this.rowBoxes()];
      while (this.boxes[this.boxes.length - 1].length > 4 * FAN) this.boxes.push(parents(this.boxes[this.boxes.length - 1]));
    }

    rowBoxes() {
      const boxes = new Int32Array(4 * this.rows);
      for (let row = 0; row < this.rows; row++) {
        let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
        const end = this.vertexStart[this.ringStart[row + 1]];
        for (let v = this.vertexStart[this.ringStart[row]]; v < end; v++) {
          const x = this.x[v], y = this.y[v];
          if (x < west) west = x;
          if (x > east) east = x;
          if (y < north) north = y;
          if (y > south) south = y;
        }
        boxes.set([west, north, east, south], 4 * row);
      }
      return boxes;
    }

    /* West, north, east, south of one row, or of all rows. */
    box(row) {
      return this.boxes[0].subarray(4 * row, 4 * row + 4);
    }
    extent() {
      if (!this.rows) return null;
      const top = this.boxes[this.boxes.length - 1];
      const all = [Infinity, Infinity, -Infinity, -Infinity];
      for (let k = 0; k < top.length; k += 4) grow(all, top, k);
      return all;
    }

    /* Rows whose bounding box meets the window, in order. */
    query(west, north, east, south) {
      const found = [];
      const levels = this.boxes;
      function visit(level, from, to) {
        const b = levels[level];
        for (let k = from; k < to; k++) {
          if (b[4 * k] > east || b[4 * k + 2] < west || b[4 * k + 1] > south || b[4 * k + 3] < north) continue;
          if (level === 0) found.push(k);
          else visit(level - 1, k * FAN, Math.min((k + 1) * FAN, levels[level - 1].length / 4));
        }
      }
      visit(levels.length - 1, 0, levels[levels.length - 1].length / 4);
      return found;
    }

    contains(row, x, y) {
      let inside = false;
      for (let ring = this.ringStart[row]; ring < this.ringStart[row + 1]; ring++) {
        const start = this.vertexStart[ring], end = this.vertexStart[ring + 1];
        for (let p = start, q = end - 1; p < end; q = p++) {
          const yp = this.y[p], yq = this.y[q];
          if ((yp > y) !== (yq > y) && x < (this.x[q] - this.x[p]) * (y - yp) / (yq - yp) + this.x[p]) inside = !inside;
        }
      }
      return inside;
    }

    /* The row at a point; of overlapping ones the smallest. -1 where there is none. */
    at(x, y) {
      let best = -1, size = Infinity;
      for (const row of this.query(x, y, x, y)) {
        const b = this.box(row);
        const area = (b[2] - b[0]) * (b[3] - b[1]);
        if (area < size && this.contains(row, x, y)) {
          best = row;
          size = area;
        }
      }
      return best;
    }

    /* Adds the rings of a row to the path of a canvas. */
    trace(context, row, west, north, scale) {
      const X = this.x, Y = this.y;
      for (let ring = this.ringStart[row]; ring < this.ringStart[row + 1]; ring++) {
        const end = this.vertexStart[ring + 1];
        let v = this.vertexStart[ring];
        context.moveTo((X[v] - west) * scale, (Y[v] - north) * scale);
        for (v++; v < end; v++) context.lineTo((X[v] - west) * scale, (Y[v] - north) * scale);
        context.closePath();
      }
    }

    /* Rings of a row as lists of points. */
    outline(row) {
      const rings = [];
      for (let ring = this.ringStart[row]; ring < this.ringStart[row + 1]; ring++) {
        const points = [];
        for (let v = this.vertexStart[ring]; v < this.vertexStart[ring + 1]; v++) points.push([this.x[v], this.y[v]]);
        rings.push(points);
      }
      return rings;
    }
  }

  function sums(counts) {
    const out = new Uint32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) out[i + 1] = out[i] + counts[i];
    return out;
  }

  function unroll(first, step, start) {
    const out = new Int32Array(step.length);
    for (let ring = 0, anchor = 0; ring < first.length; ring++) {
      anchor += first[ring];
      for (let v = start[ring], value = anchor; v < start[ring + 1]; v++) out[v] = value += step[v];
    }
    return out;
  }

  function grow(box, boxes, k) {
    if (boxes[k] < box[0]) box[0] = boxes[k];
    if (boxes[k + 1] < box[1]) box[1] = boxes[k + 1];
    if (boxes[k + 2] > box[2]) box[2] = boxes[k + 2];
    if (boxes[k + 3] > box[3]) box[3] = boxes[k + 3];
  }

  function parents(children) {
    const n = children.length / 4;
    const out = new Int32Array(4 * Math.ceil(n / FAN));
    for (let p = 0; p < out.length / 4; p++) {
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let k = p * FAN; k < Math.min(n, (p + 1) * FAN); k++) grow(box, children, 4 * k);
      out.set(box, 4 * p);
    }
    return out;
  }

  Maps.shapes = async function (spec) {
    const names = ['rings', 'vertices', 'firstX', 'firstY', 'stepX', 'stepY'];
    const arrays = await Promise.all(names.map(function (name) { return Maps.numbers(spec[name]); }));
    const steps = arrays.slice(2).map(Maps.unfold);
    return new Shapes({ ringCount: arrays[0], vertexCount: arrays[1], firstX: steps[0], firstY: steps[1], stepX: steps[2], stepY: steps[3] });
  };
})(window.Maps);
