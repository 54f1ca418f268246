"""JavaScript: a script that names its source map, and a clean one."""


def make():
    yield "js/bundle.js", b"""/*! KEEPME licence */
export const text = "// KEEPME no comment"; // KEEPME comment
//# sourceMappingURL=file:///home/CANARY/src/bundle.js.map
"""
    yield "js/clean.js", b'console.log("KEEPME");\n'
