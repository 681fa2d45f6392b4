/* Packed polygons: decoding, a tree of bounding boxes, and the question which polygon holds a point.
   Coordinates are whole pixels of zoom level 19, x to the east and y to the south, so that a tile of zoom z
   shows them divided by 2^(19 - z). Rows stand in Hilbert order, so neighbours in the list are near on the map. */
(function (Maps) {
  'use strict';
  const FAN = 16;
  const NEAR = 0.25;
  const MARGIN = 4;

  class Shapes {
    constructor(parts) {
      this.rows = parts.ringCount.length;
      this.ringStart = sums(parts.ringCount);
      this.vertexStart = sums(parts.vertexCount);
      this.x = unroll(parts.firstX, parts.stepX, this.vertexStart);
      this.y = unroll(parts.firstY, parts.stepY, this.vertexStart);
      this.boxes = [this.rowBoxes()];
      this.found = new Int32Array(1024);
      this.count = 0;
      this.areas = null;
      while (this.boxes[this.boxes.length - 1].length > 4 * FAN) this.boxes.push(parents(this.boxes[this.boxes.length - 1]));
    }

    rowBoxes() {
      const X = this.x, Y = this.y;
      const boxes = new Int32Array(4 * this.rows);
      for (let row = 0; row < this.rows; row++) {
        const first = this.vertexStart[this.ringStart[row]], end = this.vertexStart[this.ringStart[row + 1]];
        let west = X[first], north = Y[first], east = west, south = north;
        for (let v = first + 1; v < end; v++) {
          const x = X[v], y = Y[v];
          if (x < west) west = x; else if (x > east) east = x;
          if (y < north) north = y; else if (y > south) south = y;
        }
        boxes[4 * row] = west;
        boxes[4 * row + 1] = north;
        boxes[4 * row + 2] = east;
        boxes[4 * row + 3] = south;
      }
      return boxes;
    }

    /* Area of a row in square units, holes taken off; worked out when first asked for. */
    area(row) {
      if (!this.areas) this.areas = new Float64Array(this.rows).fill(-1);
      if (this.areas[row] < 0) {
        const X = this.x, Y = this.y;
        const west = this.boxes[0][4 * row], north = this.boxes[0][4 * row + 1];
        let twice = 0;
        for (let ring = this.ringStart[row]; ring < this.ringStart[row + 1]; ring++) {
          const start = this.vertexStart[ring], end = this.vertexStart[ring + 1];
          for (let p = start, q = end - 1; p < end; q = p++) twice += (X[q] - west) * (Y[p] - north) - (X[p] - west) * (Y[q] - north);
        }
        this.areas[row] = Math.abs(twice) / 2;
      }
      return this.areas[row];
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
      const top = this.boxes.length - 1;
      this.count = 0;
      this.visit(top, 0, this.boxes[top].length / 4, west, north, east, south);
      return this.found.slice(0, this.count);
    }

    visit(level, from, to, west, north, east, south) {
      const b = this.boxes[level];
      for (let k = from; k < to; k++) {
        const i = 4 * k;
        if (b[i] > east || b[i + 2] < west || b[i + 1] > south || b[i + 3] < north) continue;
        if (level === 0 || (b[i] >= west && b[i + 2] <= east && b[i + 1] >= north && b[i + 3] <= south)) {
          const span = Math.pow(FAN, level);
          this.keep(k * span, Math.min((k + 1) * span, this.rows));
        } else {
          this.visit(level - 1, k * FAN, Math.min((k + 1) * FAN, this.boxes[level - 1].length / 4), west, north, east, south);
        }
      }
    }

    keep(from, to) {
      while (this.count + to - from > this.found.length) {
        const longer = new Int32Array(2 * this.found.length);
        longer.set(this.found);
        this.found = longer;
      }
      for (let row = from; row < to; row++) this.found[this.count++] = row;
    }

    /* By the nonzero rule, as it is drawn. */
    contains(row, x, y) {
      let winding = 0;
      for (let ring = this.ringStart[row]; ring < this.ringStart[row + 1]; ring++) {
        const start = this.vertexStart[ring], end = this.vertexStart[ring + 1];
        for (let p = start, q = end - 1; p < end; q = p++) {
          const yp = this.y[p], yq = this.y[q];
          if ((yp > y) !== (yq > y) && x < (this.x[q] - this.x[p]) * (y - yp) / (yq - yp) + this.x[p]) winding += yp > yq ? 1 : -1;
        }
      }
      return winding !== 0;
    }

    /* The row at a point, of overlapping ones the smallest; only rows that are accepted. -1 where there is none. */
    at(x, y, accept) {
      let best = -1, size = Infinity;
      for (const row of this.query(x, y, x, y)) {
        const area = this.area(row);
        if (area < size && this.contains(row, x, y) && (!accept || accept(row))) {
          best = row;
          size = area;
        }
      }
      return best;
    }

    /* Adds the rings of a row to a path and returns the number of points. Left out are points closer than a quarter
       of a pixel to the last one, and those that lie beyond the same edge of the tile as their neighbours. A ring ends
       at its first point without closePath(), which in Chromium reads the whole path once more at each call. */
    trace(path, row, view, size) {
      let points = 0;
      for (let ring = this.ringStart[row]; ring < this.ringStart[row + 1]; ring++) {
        points += this.traceRing(path, this.vertexStart[ring], this.vertexStart[ring + 1], view, size);
      }
      return points;
    }

    traceRing(path, start, end, view, size) {
      const X = this.x, Y = this.y, west = view.west, north = view.north, scale = view.scale, far = size + MARGIN;
      const firstX = (X[start] - west) * scale, firstY = (Y[start] - north) * scale;
      path.moveTo(firstX, firstY);
      let lastSide = sides(firstX, firstY, far), x = firstX, y = firstY, side = lastSide, held = false, points = 1;
      for (let v = start + 1; v <= end; v++) {
        const nextX = v < end ? (X[v] - west) * scale : firstX, nextY = v < end ? (Y[v] - north) * scale : firstY;
        if (v < end && Math.abs(nextX - x) < NEAR && Math.abs(nextY - y) < NEAR) continue;
        const nextSide = sides(nextX, nextY, far);
        if (!(lastSide & side & nextSide)) {
          if (held) path.lineTo(x, y);
          lastSide = side;
          points++;
        }
        held = true;
        x = nextX;
        y = nextY;
        side = nextSide;
      }
      path.lineTo(x, y);
      return points;
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

  /* Which edges of the tile a point lies beyond, one bit for each. */
  function sides(x, y, far) {
    return (x < -MARGIN ? 1 : x > far ? 2 : 0) | (y < -MARGIN ? 4 : y > far ? 8 : 0);
  }

  /* Differences are folded so that small ones of either sign are small: 0, -1, 1, -2, ... */
  function unroll(first, step, start) {
    const out = new Int32Array(step.length);
    for (let ring = 0, anchor = 0; ring < first.length; ring++) {
      anchor += (first[ring] >>> 1) ^ -(first[ring] & 1);
      const end = start[ring + 1];
      for (let v = start[ring], value = anchor; v < end; v++) {
        value += (step[v] >>> 1) ^ -(step[v] & 1);
        out[v] = value;
      }
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
    for (let p = 0, k = 0; p < out.length; p += 4) {
      const end = Math.min(4 * n, k + 4 * FAN);
      const box = [children[k], children[k + 1], children[k + 2], children[k + 3]];
      for (; k < end; k += 4) grow(box, children, k);
      out[p] = box[0];
      out[p + 1] = box[1];
      out[p + 2] = box[2];
      out[p + 3] = box[3];
    }
    return out;
  }

  Maps.shapes = async function (spec) {
    const names = ['rings', 'vertices', 'firstX', 'firstY', 'stepX', 'stepY'];
    const arrays = await Promise.all(names.map(function (name) { return Maps.numbers(spec[name]); }));
    return new Shapes({ ringCount: arrays[0], vertexCount: arrays[1], firstX: arrays[2], firstY: arrays[3], stepX: arrays[4], stepY: arrays[5] });
  };
})(window.Maps);
