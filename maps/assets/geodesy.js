/* Lengths and areas on the ellipsoid, and the shift of GCJ-02. Nothing is measured in the plane of the web map.
   Ellipsoid: CGCS2000 (a = 6378137 m, 1/f = 298.257222101); that of WGS 84 differs from it by 0.1 mm. */
(function (Maps) {
  'use strict';
  const A = 6378137, F = 1 / 298.257222101, B = A * (1 - F), E2 = F * (2 - F), E = Math.sqrt(E2);
  const MU = 2000 / 3;
  const radians = function (degrees) { return degrees * Math.PI / 180; };

  /* Vincenty's inverse problem: metres along the geodesic between two [lon, lat]; null where it does not converge. */
  function length(from, to) {
    const U1 = Math.atan((1 - F) * Math.tan(radians(from[1]))), U2 = Math.atan((1 - F) * Math.tan(radians(to[1])));
    const L = radians(to[0] - from[0]);
    const s1 = Math.sin(U1), c1 = Math.cos(U1), s2 = Math.sin(U2), c2 = Math.cos(U2);
    let lambda = L;
    for (let i = 0; i < 100; i++) {
      const sinL = Math.sin(lambda), cosL = Math.cos(lambda);
      const sinS = Math.hypot(c2 * sinL, c1 * s2 - s1 * c2 * cosL);
      if (sinS === 0) return 0;
      const cosS = s1 * s2 + c1 * c2 * cosL, sigma = Math.atan2(sinS, cosS);
      const sinA = c1 * c2 * sinL / sinS, cos2A = 1 - sinA * sinA;
      const mid = cos2A === 0 ? 0 : cosS - 2 * s1 * s2 / cos2A;
      const C = F / 16 * cos2A * (4 + F * (4 - 3 * cos2A));
      const next = L + (1 - C) * F * sinA * (sigma + C * sinS * (mid + C * cosS * (2 * mid * mid - 1)));
      const done = Math.abs(next - lambda) < 1e-13;
      lambda = next;
      if (done) return along(cos2A, sigma, sinS, cosS, mid);
    }
    return null;
  }

  function along(cos2A, sigma, sinS, cosS, mid) {
    const u = cos2A * (A * A - B * B) / (B * B);
    const a = 1 + u / 16384 * (4096 + u * (-768 + u * (320 - 175 * u)));
    const b = u / 1024 * (256 + u * (-128 + u * (74 - 47 * u)));
    const far = b / 6 * mid * (4 * sinS * sinS - 3) * (4 * mid * mid - 3);
    return B * a * (sigma - b * sinS * (mid + b / 4 * (cosS * (2 * mid * mid - 1) - far)));
  }

  function q(sine) {
    return (1 - E2) * (sine / (1 - E2 * sine * sine) - Math.log((1 - E * sine) / (1 + E * sine)) / (2 * E));
  }
  const POLE = q(1);

  /* Square metres within a ring of [lon, lat]: spherical excess on the sphere of equal area, at authalic latitudes. */
  function area(ring) {
    const half = ring.map(function (point) { return Math.tan(Math.asin(q(Math.sin(radians(point[1]))) / POLE) / 2); });
    let excess = 0;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const turn = Math.tan(radians(ring[i][0] - ring[j][0]) / 2);
      excess += 2 * Math.atan2(turn * (half[i] + half[j]), 1 + half[i] * half[j]);
    }
    return Math.abs(excess) * A * A * POLE / 2;
  }

  /* GCJ-02 of a WGS 84 or CGCS2000 [lon, lat], by the published formula; outside China nothing is shifted. */
  function toGcj(point) {
    const lon = point[0], lat = point[1];
    if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat];
    const x = lon - 105, y = lat - 35;
    const wave = function (value, weights) {
      return weights.reduce(function (sum, w) { return sum + w[0] * Math.sin(value * w[1] * Math.PI); }, 0) * 2 / 3;
    };
    const common = wave(x, [[20, 6], [20, 2]]), root = Math.sqrt(Math.abs(x));
    const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common +
      wave(y, [[20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]]);
    const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common +
      wave(x, [[20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]]);
    const a = 6378245, e2 = 0.00669342162296594323, phi = radians(lat), m = 1 - e2 * Math.sin(phi) * Math.sin(phi);
    return [
      lon + east * Math.sqrt(m) / (a * Math.cos(phi)) * 180 / Math.PI,
      lat + north * m * Math.sqrt(m) / (a * (1 - e2)) * 180 / Math.PI
    ];
  }

  Maps.geodesy = { length: length, area: area, toGcj: toGcj, MU: MU };
})(window.Maps);
