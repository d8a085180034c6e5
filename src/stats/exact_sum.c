/* SPDX-License-Identifier: MIT */
/* Digits of 32 bits, carried rarely, and their rounding. */
#include "stats/exact_sum.h"

#include <math.h>
#include <string.h>

#define DIGIT_BITS     32
#define DIGIT_MASK     INT64_C(0xffffffff)
#define MANTISSA_BITS  52
#define EXPONENT_MASK  0x7ff
#define LOWEST         1074 /* digit 0 counts 2^-1074 */
/* Each addition adds less than 2^32 to a digit. */
#define MOST_UNCARRIED (1 << 30)
/* Numbers of 53 bits that a sum of numbers of like size is whole in, with room for their count. */
#define N_PARTS        3

/* Brings all digits but the last, which has the sign, into 0 to 2^32 - 1. */
static void carry(struct ev_exact_sum *sum)
{
    for (int i = 0; i + 1 < EV_EXACT_DIGITS; i++) {
        const int64_t low = sum->digits[i] & DIGIT_MASK;
        sum->digits[i + 1] += (sum->digits[i] - low) / (DIGIT_MASK + 1);
        sum->digits[i] = low;
    }
    sum->n_uncarried = 0;
}

static void count_additions(struct ev_exact_sum *sum, int32_t n)
{
    sum->n_uncarried += n;
    if (sum->n_uncarried >= MOST_UNCARRIED)
        carry(sum);
}

void ev_exact_sum_add(struct ev_exact_sum *sum, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    int exponent = (int)(bits >> MANTISSA_BITS) & EXPONENT_MASK;
    if (exponent == EXPONENT_MASK) {
        sum->is_not_finite = true;
        return;
    }
    if (exponent > 0) {
        mantissa |= UINT64_C(1) << MANTISSA_BITS;
        exponent--;
    }
    const int shift = exponent % DIGIT_BITS;
    const uint64_t above = mantissa >> (DIGIT_BITS - shift);
    const int64_t sign = signbit(value) ? -1 : 1;
    int64_t *digits = sum->digits + exponent / DIGIT_BITS;
    digits[0] += sign * (int64_t)((mantissa << shift) & (uint64_t)DIGIT_MASK);
    digits[1] += sign * (int64_t)(above & (uint64_t)DIGIT_MASK);
    digits[2] += sign * (int64_t)(above >> DIGIT_BITS);
    count_additions(sum, 1);
}

void ev_exact_sum_add_product(struct ev_exact_sum *sum, double a, double b)
{
    const double product = a * b;

    ev_exact_sum_add(sum, product);
    if (isfinite(product))
        ev_exact_sum_add(sum, fma(a, b, -product));
}

void ev_exact_sum_merge(struct ev_exact_sum *sum, const struct ev_exact_sum *other)
{
    struct ev_exact_sum carried = *other;

    carry(&carried);
    for (int i = 0; i < EV_EXACT_DIGITS; i++)
        sum->digits[i] += carried.digits[i];
    sum->is_not_finite |= other->is_not_finite;
    count_additions(sum, 1);
}

double ev_exact_sum_value(const struct ev_exact_sum *sum)
{
    struct ev_exact_sum whole = *sum;
    int64_t *digits = whole.digits;
    int last = EV_EXACT_DIGITS - 1;

    if (sum->is_not_finite)
        return NAN;
    carry(&whole);
    const bool is_negative = digits[last] < 0;
    if (is_negative) {
        for (int i = 0; i < EV_EXACT_DIGITS; i++)
            digits[i] = -digits[i];
        carry(&whole);
    }
    while (last > 1 && digits[last] == 0)
        last--;
    /* The highest 64 bits; what is below them only decides a tie, so one bit stands for it. */
    uint64_t top = (uint64_t)digits[last] << DIGIT_BITS | (uint64_t)digits[last - 1];
    int shift = 0;
    if (last > 1) {
        while (!(top >> 63)) {
            shift++;
            top <<= 1;
        }
        const uint64_t next = (uint64_t)digits[last - 2];
        top |= next >> (DIGIT_BITS - shift);
        bool is_more = ((next << shift) & (uint64_t)DIGIT_MASK) != 0;
        for (int i = 0; i < last - 2; i++)
            is_more |= digits[i] != 0;
        top |= is_more;
    }
    const double value = ldexp((double)top, DIGIT_BITS * (last - 1) - shift - LOWEST);
    return is_negative ? -value : value;
}

/* The sum as parts[0] + parts[1] + ..., the largest first. */
static void split(const struct ev_exact_sum *sum, double parts[N_PARTS])
{
    struct ev_exact_sum rest = *sum;

    for (int i = 0; i < N_PARTS; i++) {
        parts[i] = ev_exact_sum_value(&rest);
        ev_exact_sum_add(&rest, -parts[i]);
    }
}

double ev_exact_sum_spread(const struct ev_exact_sum *values, const struct ev_exact_sum *squares,
                           int64_t n)
{
    double sum[N_PARTS], square[N_PARTS];
    struct ev_exact_sum spread = {0};

    split(values, sum);
    split(squares, square);
    for (int i = 0; i < N_PARTS; i++) {
        ev_exact_sum_add_product(&spread, (double)n, square[i]);
        for (int j = 0; j < N_PARTS; j++)
            ev_exact_sum_add_product(&spread, -sum[i], sum[j]);
    }
    return ev_exact_sum_value(&spread);
}
