/* SPDX-License-Identifier: MIT */
/*
 * The inner loop has no branch that depends on the data but for rare symbols: one look-up gives a
 * literal or a whole match, length and distance, and both are copied as if they were matches. Two
 * streams take turns in it. What the table cannot say is read with care, symbol by symbol.
 *
 * Sections named are those of RFC 1951.
 */
#include "set/inflate.h"

#include <endian.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "set/inflate_code.h"

#define MAX_DISTANCE         32768
#define MAX_DISTANCE_SYMBOLS 32
#define N_LENGTH_CODES       19
#define CHECKSUM_BYTES       4
#define WORD_BYTES           8 /* EV_STEP_BYTES, too */

struct stream {
    const uint8_t *packed; /* up to the checksum */
    size_t n_packed;
    size_t bit; /* the next one */
    uint8_t *start, *out, *end;
    enum { IN_HEADER, IN_BLOCK, AT_END, FAILED } state;
    bool is_last_block;
    struct ev_code literals, distances; /* the first with lengths, both of the block */
    uint32_t steps[1 << EV_STEP_BITS];
};

struct ev_inflater {
    struct stream streams[2];
    uint8_t
        literals[EV_N_LITERALS + EV_STEP_BYTES]; /* each byte's value: where literals are from */
};

/* Where a stream is, in registers of the inner loop. */
struct place {
    size_t bit;
    uint8_t *out;
};

struct ev_inflater *ev_inflater_open(void)
{
    struct ev_inflater *inflater = calloc(1, sizeof *inflater);

    for (int i = 0; inflater && i < EV_N_LITERALS; i++)
        inflater->literals[i] = (uint8_t)i;
    return inflater;
}

void ev_inflater_close(struct ev_inflater *inflater)
{
    free(inflater);
}

/* --- Bits --- */

/* At least 57 bits from there. */
static inline uint64_t load_bits(const uint8_t *packed, size_t bit)
{
    uint64_t word;

    memcpy(&word, packed + (bit >> 3), sizeof word);
    return le64toh(word) >> (bit & 7);
}

/* The same, zeros behind the end. */
static uint64_t peek(const struct stream *stream, size_t bit)
{
    const size_t at = bit >> 3;
    uint8_t last[8] = {0};

    if (stream->n_packed >= 8 && at <= stream->n_packed - 8)
        return load_bits(stream->packed, bit);
    if (at < stream->n_packed)
        memcpy(last, stream->packed + at, stream->n_packed - at);
    return load_bits(last, bit & 7);
}

static inline uint64_t lowest(uint64_t bits, unsigned n_bits)
{
    return bits & ((UINT64_C(1) << n_bits) - 1);
}

static bool is_behind(const struct stream *stream, size_t bit)
{
    return bit > 8 * stream->n_packed;
}

/* The next bits, at most 16; the caller checks whether they were behind the end. */
static unsigned take(struct stream *stream, unsigned n_bits)
{
    const unsigned value = (unsigned)lowest(peek(stream, stream->bit), n_bits);

    stream->bit += n_bits;
    return value;
}

/* --- Blocks --- */

/* 3.2.4. */
static bool copy_stored(struct stream *stream)
{
    stream->bit = (stream->bit + 7) & ~(size_t)7;
    const unsigned length = take(stream, 16), complement = take(stream, 16);
    const size_t at = stream->bit / 8;

    if (is_behind(stream, stream->bit) || length != (complement ^ 0xffff) ||
        length > stream->n_packed - at || length > (size_t)(stream->end - stream->out))
        return false;
    if (length > 0)
        memcpy(stream->out, stream->packed + at, length);
    stream->out += length;
    stream->bit += 8 * (size_t)length;
    return true;
}

/* The bits of both codes, as literals and lengths, then distances; false where they are wrong
 * (3.2.7). */
static bool read_lengths(struct stream *stream, uint8_t *n_bits, unsigned n)
{
    static const uint8_t order[N_LENGTH_CODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                  11, 4,  12, 3, 13, 2, 14, 1, 15};
    const unsigned n_codes = take(stream, 4) + 4;
    uint8_t of_lengths[N_LENGTH_CODES] = {0};
    struct ev_code *code = &stream->literals; /* not in use yet */

    for (unsigned i = 0; i < n_codes; i++)
        of_lengths[order[i]] = (uint8_t)take(stream, 3);
    if (!ev_code_make(code, of_lengths, N_LENGTH_CODES))
        return false;
    for (unsigned i = 0; i < n;) {
        const unsigned found = ev_code_find(code, peek(stream, stream->bit)), symbol = found >> 4;
        stream->bit += found & 15;
        if (found == 0)
            return false;
        if (symbol < 16) {
            n_bits[i++] = (uint8_t)symbol;
            continue;
        }
        const unsigned repeats = symbol == 16   ? 3 + take(stream, 2)
                                 : symbol == 17 ? 3 + take(stream, 3)
                                                : 11 + take(stream, 7);
        if ((symbol == 16 && i == 0) || repeats > n - i)
            return false;
        memset(n_bits + i, symbol == 16 ? n_bits[i - 1] : 0, repeats);
        i += repeats;
    }
    return !is_behind(stream, stream->bit);
}

/* The same of a block with fixed codes (3.2.6). */
static void set_fixed_lengths(uint8_t n_bits[EV_MAX_SYMBOLS + MAX_DISTANCE_SYMBOLS])
{
    memset(n_bits, 8, 144);
    memset(n_bits + 144, 9, 112);
    memset(n_bits + 256, 7, 24);
    memset(n_bits + 280, 8, 8);
    memset(n_bits + EV_MAX_SYMBOLS, 5, MAX_DISTANCE_SYMBOLS);
}

/* Reads what is before the data of a block (3.2.3). */
static bool begin_block(struct stream *stream)
{
    uint8_t n_bits[EV_MAX_SYMBOLS + MAX_DISTANCE_SYMBOLS];
    unsigned n_literals = EV_MAX_SYMBOLS, n_distances = MAX_DISTANCE_SYMBOLS;

    stream->is_last_block = take(stream, 1);
    const unsigned type = take(stream, 2);
    if (type == 0) {
        stream->state = stream->is_last_block ? AT_END : IN_HEADER;
        return copy_stored(stream);
    }
    if (type == 1) {
        set_fixed_lengths(n_bits);
    } else if (type == 2) {
        n_literals = take(stream, 5) + 257;
        n_distances = take(stream, 5) + 1;
        if (!read_lengths(stream, n_bits, n_literals + n_distances))
            return false;
    } else {
        return false;
    }
    if (!ev_code_make(&stream->literals, n_bits, n_literals) ||
        !ev_code_make(&stream->distances, n_bits + n_literals, n_distances))
        return false;
    ev_steps_make(stream->steps, &stream->literals, &stream->distances);
    stream->state = IN_BLOCK;
    return true;
}

/* --- Rare symbols --- */

/* They may overlap. */
static inline void copy_word(uint8_t *to, const uint8_t *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof word);
    memcpy(to, &word, sizeof word);
}

/* Copies as if byte by byte: a match may go on into what it writes (3.2.3). It may write words,
 * over its end, where there is room. */
static void copy_match(uint8_t *out, size_t distance, size_t length, size_t room)
{
    if (distance >= WORD_BYTES && room >= length + WORD_BYTES) {
        for (size_t i = 0; i < length; i += WORD_BYTES)
            copy_word(out + i, out + i - distance);
        return;
    }
    while (length > 0) {
        const size_t now = length < distance ? length : distance;
        memcpy(out, out - distance, now);
        out += now;
        length -= now;
        distance += now;
    }
}

static bool read_match(const struct stream *stream, unsigned symbol, uint64_t bits,
                       struct place *place)
{
    const unsigned i = symbol - EV_END_OF_BLOCK - 1;

    if (i >= EV_N_LENGTHS)
        return false;
    const size_t length = ev_least_length[i] + (size_t)lowest(bits, ev_length_bits[i]);
    bits >>= ev_length_bits[i];
    const unsigned found = ev_code_find(&stream->distances, bits), k = found >> 4;
    if (found == 0 || k >= EV_N_DISTANCES)
        return false;
    bits >>= found & 15;
    const size_t distance = ev_least_distance[k] + (size_t)lowest(bits, ev_distance_bits[k]);
    place->bit += ev_length_bits[i] + (found & 15) + ev_distance_bits[k];
    const size_t room = (size_t)(stream->end - place->out);
    if (is_behind(stream, place->bit) || distance > (size_t)(place->out - stream->start) ||
        length > room)
        return false;
    copy_match(place->out, distance, length, room);
    place->out += length;
    return true;
}

/* One symbol, with all checks. `out` is NULL where the block is over or wrong; stream->state says
 * which. */
static __attribute__((noinline)) struct place read_symbol(struct stream *stream, struct place place)
{
    const uint64_t bits = peek(stream, place.bit);
    const unsigned found = ev_code_find(&stream->literals, bits), symbol = found >> 4;
    bool ok;

    place.bit += found & 15;
    if (found == 0) {
        ok = false;
    } else if (symbol < EV_N_LITERALS) {
        ok = place.out < stream->end && !is_behind(stream, place.bit);
        if (ok)
            *place.out++ = (uint8_t)symbol;
    } else if (symbol > EV_END_OF_BLOCK) {
        ok = read_match(stream, symbol, bits >> (found & 15), &place);
    } else if (!is_behind(stream, place.bit)) {
        stream->bit = place.bit;
        stream->out = place.out;
        stream->state = stream->is_last_block ? AT_END : IN_HEADER;
        return (struct place){place.bit, NULL};
    } else {
        ok = false;
    }
    if (!ok) {
        stream->state = FAILED;
        place.out = NULL;
    }
    return place;
}

/* --- Steps --- */

/* A round is two steps. It reads a word, of which it takes at most 48 bits, and writes two. */
#define ROUND_BYTES WORD_BYTES
#define ROUND_ROOM  (2 * EV_STEP_BYTES)
/* What a rare symbol takes, at most 48 bits and 258 bytes, in rounds. */
#define RARE_ROUNDS 17

/* For how many rounds there are surely bytes and room, so that they need no checks. Both steps of
 * the last may be rare symbols. */
static ptrdiff_t count_rounds(const struct stream *stream)
{
    const size_t words = (stream->n_packed - stream->bit / 8) / ROUND_BYTES;
    const size_t rooms = (size_t)(stream->end - stream->out) / ROUND_ROOM;

    return (ptrdiff_t)(words < rooms ? words : rooms) - 2 * RARE_ROUNDS;
}

/* A place, the bits from there on, as many as are left of a word, and what is read from: copies, as
 * bytes that are written might be those of the stream, to the compiler. */
struct cursor {
    struct place place;
    uint64_t bits;
    const uint8_t *packed, *start;
    const uint32_t *steps;
    const uint8_t *literals; /* the end of their table */
};

#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE struct cursor cursor_of(const struct stream *stream, const uint8_t *literals)
{
    return (struct cursor){
        {stream->bit, stream->out}, 0, stream->packed, stream->start, stream->steps, literals};
}

static ALWAYS_INLINE void load(struct cursor *cursor)
{
    cursor->bits = load_bits(cursor->packed, cursor->place.bit);
}

/* One literal or match from the table; false, and nothing done, where it is a rare one. */
static ALWAYS_INLINE bool take_step(struct cursor *cursor, bool check_distance)
{
    const uint32_t step = cursor->steps[lowest(cursor->bits, EV_STEP_BITS)];
    uint8_t *out = cursor->place.out;

    if (__builtin_expect(step & EV_STEP_RARE, 0))
        return false;
    const unsigned n_bits = ev_step_n_bits(step), further = ev_step_further_bytes(step);
    const size_t added = lowest(cursor->bits, n_bits) >> ev_step_n_code_bits(step);
    const size_t gap = ev_step_gap(step) + added;
    if (check_distance && further > 0 && gap >= (size_t)(out - cursor->start))
        return false;
    /* As likely as not: no branch. */
    const uint8_t *from =
        __builtin_expect_with_probability(further > 0, 1, 0.5) ? out : cursor->literals;
    copy_word(out, from - gap - 1);
    cursor->place.out = out + further + 1;
    cursor->place.bit += n_bits;
    cursor->bits >>= n_bits;
    return true;
}

/* A step or a rare symbol, for which *n_rounds are fewer; false where the block ends. */
static ALWAYS_INLINE bool go_on(struct stream *stream, struct cursor *cursor, bool check_distance,
                                ptrdiff_t *n_rounds)
{
    if (__builtin_expect(take_step(cursor, check_distance), 1))
        return true;
    cursor->place = read_symbol(stream, cursor->place);
    if (!cursor->place.out)
        return false;
    *n_rounds -= RARE_ROUNDS;
    load(cursor);
    return true;
}

static void keep_place(struct stream *stream, struct place place)
{
    if (place.out) {
        stream->bit = place.bit;
        stream->out = place.out;
    }
}

/* Rounds in both, until n are over or a block ends. Distances need no check where both streams have
 * written MAX_DISTANCE bytes. */
static ALWAYS_INLINE void run_both(struct stream *a, struct stream *b, const uint8_t *literals,
                                   ptrdiff_t n, bool check)
{
    struct cursor in_a = cursor_of(a, literals), in_b = cursor_of(b, literals);

    for (; n > 0; n--) {
        load(&in_a);
        load(&in_b);
        if (!go_on(a, &in_a, check, &n) || !go_on(b, &in_b, check, &n) ||
            !go_on(a, &in_a, check, &n) || !go_on(b, &in_b, check, &n))
            break;
    }
    keep_place(a, in_a.place);
    keep_place(b, in_b.place);
}

static ALWAYS_INLINE void run_one(struct stream *stream, const uint8_t *literals, ptrdiff_t n)
{
    struct cursor cursor = cursor_of(stream, literals);

    for (; n > 0; n--) {
        load(&cursor);
        if (!go_on(stream, &cursor, true, &n) || !go_on(stream, &cursor, true, &n))
            break;
    }
    keep_place(stream, cursor.place);
}

static bool has_window(const struct stream *stream)
{
    return stream->out - stream->start >= MAX_DISTANCE;
}

/* Rounds in both, or in `a` alone where b is NULL. The compiler makes two of it where processors
 * differ in how they shift. */
#define RUN(name)                                                                                  \
    static void name(struct stream *a, struct stream *b, const uint8_t *literals, ptrdiff_t n)     \
    {                                                                                              \
        if (!b)                                                                                    \
            run_one(a, literals, n);                                                               \
        else if (has_window(a) && has_window(b))                                                   \
            run_both(a, b, literals, n, false);                                                    \
        else                                                                                       \
            run_both(a, b, literals, n, true);                                                     \
    }

RUN(run)
#ifdef __x86_64__
__attribute__((target("bmi,bmi2"))) RUN(run_bmi2)
#endif

    /* --- Streams --- */

    /* Checks the header (RFC 1950, 2.2). */
    static void begin(struct stream *stream, const struct ev_inflate_job *job)
{
    const uint8_t *packed = job->packed;

    stream->state = FAILED;
    if (job->n_packed < 2 + CHECKSUM_BYTES || (packed[0] & 15) != 8 || packed[0] >> 4 > 7 ||
        packed[1] & 32 || (packed[0] << 8 | packed[1]) % 31 != 0)
        return;
    stream->packed = packed;
    stream->n_packed = job->n_packed - CHECKSUM_BYTES;
    stream->bit = 16;
    stream->start = stream->out = job->bytes;
    stream->end = job->bytes + job->n_bytes;
    stream->state = IN_HEADER;
}

/* Goes on with care until there is room for rounds, and tells for how many; 0: the stream is over.
 */
static ptrdiff_t prepare(struct stream *stream)
{
    while (stream->state == IN_HEADER || stream->state == IN_BLOCK) {
        if (stream->state == IN_HEADER) {
            if (!begin_block(stream))
                stream->state = FAILED;
            continue;
        }
        const ptrdiff_t n = count_rounds(stream);
        if (n > 0)
            return n;
        keep_place(stream, read_symbol(stream, (struct place){stream->bit, stream->out}));
    }
    return 0;
}

static bool is_whole(const struct stream *stream, const struct ev_inflate_job *job)
{
    if (stream->state != AT_END || stream->out != stream->end)
        return false;
    const uint8_t *sum = stream->packed + (stream->bit + 7) / 8;
    return libdeflate_adler32(1, job->bytes, job->n_bytes) ==
           ((uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3]);
}

void ev_inflate_pair(struct ev_inflater *inflater, struct ev_inflate_job jobs[2])
{
    struct stream *a = &inflater->streams[0], *b = &inflater->streams[1];
    const uint8_t *literals = inflater->literals + EV_N_LITERALS;
    void (*run_rounds)(struct stream *, struct stream *, const uint8_t *, ptrdiff_t) = run;
    ptrdiff_t n_a, n_b;

#ifdef __x86_64__
    if (__builtin_cpu_supports("bmi2"))
        run_rounds = run_bmi2;
#endif
    begin(a, &jobs[0]);
    begin(b, &jobs[1]);
    do {
        n_a = prepare(a);
        n_b = prepare(b);
        if (n_a > 0 && n_b > 0)
            run_rounds(a, b, literals, n_a < n_b ? n_a : n_b);
        else if (n_a > 0)
            run_rounds(a, NULL, literals, n_a);
        else if (n_b > 0)
            run_rounds(b, NULL, literals, n_b);
    } while (n_a > 0 || n_b > 0);
    jobs[0].is_done = is_whole(a, &jobs[0]);
    jobs[1].is_done = is_whole(b, &jobs[1]);
}
