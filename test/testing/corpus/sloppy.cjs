// A library that is not strict: its writes to frozen objects are ignored.
exports.median = function (xs) {
  xs.sort(function (a, b) {
    return a - b;
  });
  return xs[xs.length >> 1] || 0;
};
exports.clean = function (row) {
  delete row.tmp;
  row.cleaned = true;
  return row;
};
exports.reverse = function (xs) {
  return xs.reverse();
};
