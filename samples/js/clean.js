console.log("KEEPME");
