/* SPDX-License-Identifier: MIT */
/* Loops that do nothing but one thing, and the time they take. */
#include "measure/peak.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

#if defined __x86_64__
#include <immintrin.h>
#endif

/* Ten chains hide a latency of five cycles on two units, and fit sixteen registers. */
#define N_CHAINS 10

/* A run of a kernel is so long that starting threads does not count; the best of several is taken,
 * the first of which wake the core up. */
#define RUN_NS INT64_C(20000000)
#define N_RUNS 4

/* At least so much is read; a machine's caches may be larger. */
#define LEAST_BUFFER_BYTES ((size_t)128 << 20)
#define MOST_BUFFER_BYTES  ((size_t)1 << 30)
#define N_READS            3

/* A kernel does n rounds of its chains and returns what came out, so that no compiler drops the
 * work; it makes macs_per_round multiply-adds in each. */
struct kernel {
    double (*run)(int64_t n);
    int64_t macs_per_round;
};

/* --- Kernels --- */

/* In C: chains side by side, which a compiler turns into what vectors it has by default. */
static double float_plain(int64_t n)
{
    float sums[4 * N_CHAINS] = {0};
    double total = 0;

    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; k < 4 * N_CHAINS; k++)
            sums[k] = sums[k] * 0.5f + 1.0f;
    }
    for (int k = 0; k < 4 * N_CHAINS; k++)
        total += (double)sums[k];
    return total;
}

static double int8_plain(int64_t n)
{
    static const int8_t weights[4 * N_CHAINS] = {1, -2, 3, -4, 5};
    uint32_t sums[4 * N_CHAINS] = {0};
    double total = 0;

    for (int64_t i = 0; i < n; i++) {
        const uint8_t x = (uint8_t)i;
        for (int k = 0; k < 4 * N_CHAINS; k++)
            sums[k] += (uint32_t)(weights[k] * x);
    }
    for (int k = 0; k < 4 * N_CHAINS; k++)
        total += (double)sums[k];
    return total;
}

#if defined __x86_64__

/* The chains are an array that only constants index: the compiler keeps it in registers once the
 * loops over it are unrolled. */
#define EACH_CHAIN _Pragma("GCC unroll 10") for (int k = 0; k < N_CHAINS; k++)

__attribute__((target("avx2,fma"))) static double float_avx2(int64_t n)
{
    const __m256 a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(1.0f);
    __m256 chain[N_CHAINS], sum = _mm256_setzero_ps();

    EACH_CHAIN chain[k] = _mm256_set1_ps((float)k);
    for (int64_t i = 0; i < n; i++)
        EACH_CHAIN chain[k] = _mm256_fmadd_ps(chain[k], a, b);
    EACH_CHAIN sum = _mm256_add_ps(sum, chain[k]);
    return (double)_mm256_cvtss_f32(sum);
}

__attribute__((target("avx512f"))) static double float_avx512(int64_t n)
{
    const __m512 a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(1.0f);
    __m512 chain[N_CHAINS], sum = _mm512_setzero_ps();

    EACH_CHAIN chain[k] = _mm512_set1_ps((float)k);
    for (int64_t i = 0; i < n; i++)
        EACH_CHAIN chain[k] = _mm512_fmadd_ps(chain[k], a, b);
    EACH_CHAIN sum = _mm512_add_ps(sum, chain[k]);
    return (double)_mm512_cvtss_f32(sum);
}

/* Without VNNI: pairs to int16, pairs of those to int32, and the sum. The input changes in each
 * round, or the products would be taken out of the loop. */
__attribute__((target("avx2"))) static double int8_avx2(int64_t n)
{
    const __m256i ones = _mm256_set1_epi16(1), step = _mm256_set1_epi8(1);
    __m256i chain[N_CHAINS], sum = _mm256_setzero_si256(), x = _mm256_setzero_si256();

    EACH_CHAIN chain[k] = _mm256_set1_epi32(k);
    for (int64_t i = 0; i < n; i++) {
        x = _mm256_add_epi8(x, step);
        EACH_CHAIN chain[k] = _mm256_add_epi32(
            chain[k],
            _mm256_madd_epi16(_mm256_maddubs_epi16(x, _mm256_set1_epi8((char)(k + 1))), ones));
    }
    EACH_CHAIN sum = _mm256_add_epi32(sum, chain[k]);
    return (double)_mm256_extract_epi32(sum, 0);
}

__attribute__((target("avx512f,avx512vnni"))) static double int8_avx512_vnni(int64_t n)
{
    const __m512i x = _mm512_set1_epi8(3), w = _mm512_set1_epi8(5);
    __m512i chain[N_CHAINS], sum = _mm512_setzero_si512();

    EACH_CHAIN chain[k] = _mm512_set1_epi32(k);
    for (int64_t i = 0; i < n; i++)
        EACH_CHAIN chain[k] = _mm512_dpbusd_epi32(chain[k], x, w);
    EACH_CHAIN sum = _mm512_add_epi32(sum, chain[k]);
    return _mm_cvtsi128_si32(_mm512_castsi512_si128(sum)); /* one lane: sums of all overflow */
}

static struct kernel float_kernel(void)
{
    if (__builtin_cpu_supports("avx512f"))
        return (struct kernel){float_avx512, 16 * N_CHAINS};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (struct kernel){float_avx2, 8 * N_CHAINS};
    return (struct kernel){float_plain, 4 * N_CHAINS};
}

static struct kernel int8_kernel(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni"))
        return (struct kernel){int8_avx512_vnni, 64 * N_CHAINS};
    if (__builtin_cpu_supports("avx2"))
        return (struct kernel){int8_avx2, 32 * N_CHAINS};
    return (struct kernel){int8_plain, 4 * N_CHAINS};
}

#else

static struct kernel float_kernel(void)
{
    return (struct kernel){float_plain, 4 * N_CHAINS};
}

static struct kernel int8_kernel(void)
{
    return (struct kernel){int8_plain, 4 * N_CHAINS};
}

#endif

/* What kernels return, so that they are called at all. */
static volatile double kept;

/* --- Rates --- */

static int64_t run_ns(const struct kernel *kernel, int64_t n_rounds, int32_t n_threads)
{
    const int64_t start_ns = ev_clock_ns();
    double total = 0;

#pragma omp parallel for num_threads(n_threads) reduction(+ : total) schedule(static, 1)
    for (int32_t t = 0; t < n_threads; t++)
        total += kernel->run(n_rounds);
    kept = total;
    return ev_clock_ns() - start_ns;
}

/* Multiply-adds per second of all threads. */
static double arithmetic_rate(const struct kernel *kernel, int32_t n_threads)
{
    int64_t n_rounds = 1000, best_ns = INT64_MAX;

    while (run_ns(kernel, n_rounds, n_threads) < RUN_NS)
        n_rounds *= 2;
    for (int i = 0; i < N_RUNS; i++) {
        const int64_t ns = run_ns(kernel, n_rounds, n_threads);
        best_ns = ns < best_ns ? ns : best_ns;
    }
    return (double)n_rounds * (double)kernel->macs_per_round * n_threads / (double)best_ns * 1e9;
}

/* Several times the last cache, as far as the machine tells. */
static size_t buffer_bytes(void)
{
    const long cache_bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
    const size_t wanted = cache_bytes > 0 ? 4 * (size_t)cache_bytes : 0;

    return wanted < LEAST_BUFFER_BYTES  ? LEAST_BUFFER_BYTES
           : wanted > MOST_BUFFER_BYTES ? MOST_BUFFER_BYTES
                                        : wanted;
}

static uint64_t sum_of(const uint64_t *words, size_t n)
{
    uint64_t sums[8] = {0};

    for (size_t i = 0; i + 8 <= n; i += 8) {
        for (size_t k = 0; k < 8; k++)
            sums[k] += words[i + k];
    }
    return sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
}

static int64_t read_ns(const uint64_t *words, size_t n_words, int32_t n_threads)
{
    const size_t part = n_words / (size_t)n_threads;
    const int64_t start_ns = ev_clock_ns();
    uint64_t total = 0;

#pragma omp parallel for num_threads(n_threads) reduction(+ : total) schedule(static, 1)
    for (int32_t t = 0; t < n_threads; t++)
        total += sum_of(words + (size_t)t * part, part);
    kept = (double)total;
    return ev_clock_ns() - start_ns;
}

/* Each thread writes, and so owns, the part that it reads. */
static enum ev_status memory_rate(int32_t n_threads, double *bytes_per_s, struct ev_error *err)
{
    const size_t n_words = buffer_bytes() / sizeof(uint64_t);
    const size_t part = n_words / (size_t)n_threads;
    uint64_t *words = malloc(n_words * sizeof *words);
    int64_t best_ns = INT64_MAX;

    if (!words)
        return ev_fail(err, EV_MEMORY, "out of memory for a buffer to measure memory with");
#pragma omp parallel for num_threads(n_threads) schedule(static, 1)
    for (int32_t t = 0; t < n_threads; t++) {
        for (size_t i = 0; i < part; i++)
            words[(size_t)t * part + i] = i;
    }
    for (int i = 0; i < N_READS; i++) {
        const int64_t ns = read_ns(words, n_words, n_threads);
        best_ns = ns < best_ns ? ns : best_ns;
    }
    *bytes_per_s =
        (double)(part * sizeof *words) * n_threads / (double)(best_ns > 0 ? best_ns : 1) * 1e9;
    free(words);
    return EV_OK;
}

enum ev_status ev_peak_probe(int32_t n_threads, struct ev_peak *peak, struct ev_error *err)
{
    const struct kernel floats = float_kernel(), bytes = int8_kernel();

    peak->float_macs_per_s = arithmetic_rate(&floats, n_threads);
    peak->int8_macs_per_s = arithmetic_rate(&bytes, n_threads);
    return memory_rate(n_threads, &peak->bytes_per_s, err);
}
