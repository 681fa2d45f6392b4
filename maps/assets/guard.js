/* Written for browsers of any age: says which browser to use where the map cannot work. */
(function () {
  var fit = window.Promise && window.DecompressionStream && window.TextDecoder;
  if (fit) {
    document.getElementById('too-old').style.display = 'none';
  } else {
    window.MapsTooOld = true;
  }
})();
