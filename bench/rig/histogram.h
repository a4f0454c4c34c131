#ifndef HISTOGRAM_H
#define HISTOGRAM_H
#include <stddef.h>
#include <stdint.h>

// Counts of values in nanoseconds, each bucket at most 1/128 wide: its size does not depend on how long a run is.
enum { PRECISION_BITS = 7, SUB_BUCKETS = 1 << PRECISION_BITS };
struct histogram {
    uint64_t counts[(64 - PRECISION_BITS + 1) * SUB_BUCKETS], total;
};

static inline size_t bucket_of(uint64_t value) {
    if (value < SUB_BUCKETS) return value;
    int shift = 63 - __builtin_clzll(value) - PRECISION_BITS;
    return (size_t)(shift + 1) * SUB_BUCKETS + (value >> shift) - SUB_BUCKETS;
}

static inline void record(struct histogram *h, uint64_t value) {
    h->counts[bucket_of(value)]++;
    h->total++;
}

static inline double percentile_us(const struct histogram *h, double share) {
    uint64_t rank = (uint64_t)(share * (double)(h->total - 1)), seen = 0;
    for (size_t i = 0; i < sizeof h->counts / sizeof *h->counts; i++)
        if ((seen += h->counts[i]) > rank) {
            if (i < SUB_BUCKETS) return (double)i / 1000;
            int shift = (int)(i / SUB_BUCKETS) - 1;
            return ((double)((i % SUB_BUCKETS + SUB_BUCKETS)) + 0.5) * (double)(1ull << shift) / 1000; // the middle of the bucket
        }
    return 0;
}

#endif
