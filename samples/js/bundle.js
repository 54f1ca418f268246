/*! KEEPME licence */
export const text = "// KEEPME no comment"; // KEEPME comment
//# sourceMappingURL=file:///home/CANARY/src/bundle.js.map
