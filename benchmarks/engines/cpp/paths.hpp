// What the jobs by hand share: Philox4x32-10, Box-Muller, exp and log, all in loops over lanes that the compiler turns into vectors.
// Each shock has its own counters and a call serves four steps, so that no random word is wasted.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace {

constexpr int steps_per_call = 4;
constexpr double never = std::numeric_limits<double>::infinity();

// Eight words of 32 bits, each in the low half of 64, so that one instruction multiplies them.
typedef uint64_t Words __attribute__((vector_size(64)));
constexpr int words_lanes = sizeof(Words) / sizeof(uint64_t);

template <int shocks, int lanes> struct alignas(64) Normals {
    double of[shocks][steps_per_call][lanes];
};

inline double from_bits(uint64_t bits) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline uint64_t to_bits(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

// Rounds to the nearest integer and leaves that integer in the low bits of the sum.
constexpr double rounder = 6755399441055744.0; // 1.5 * 2**52

// exp for arguments that stay well inside the range of double; remainder below 2e-16 by a Taylor series of degree 11.
inline double exponential(double x) {
    const double shifted = x * 1.4426950408889634 + rounder;
    const double k = shifted - rounder;
    const double r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    double p = 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    return from_bits(to_bits(p) + (to_bits(shifted) << 52));
}

// Natural logarithm of a positive normal number, by the series of atanh in (m - 1) / (m + 1).
inline double logarithm(double x) {
    const uint64_t above = to_bits(x) - 0x3FE6A09E667F3BCDull; // mantissa into [sqrt(1/2), sqrt(2))
    const double exponent = static_cast<double>(static_cast<int64_t>(above) >> 52);
    const double m = from_bits((above & 0x000FFFFFFFFFFFFFull) + 0x3FE6A09E667F3BCDull);
    const double s = (m - 1.0) / (m + 1.0);
    const double z = s * s;
    double p = 2.0 / 17;
    p = p * z + 2.0 / 15;
    p = p * z + 2.0 / 13;
    p = p * z + 2.0 / 11;
    p = p * z + 2.0 / 9;
    p = p * z + 2.0 / 7;
    p = p * z + 2.0 / 5;
    p = p * z + 2.0 / 3;
    return exponent * 0.6931471805599453 + s * (2.0 + z * p);
}

// Two normals from two words. The angle lies in [-pi/2, pi/2] by 31 bits of the second word; its last bit is the sign of the cosine.
inline void box_muller(uint64_t w0, uint64_t w1, double &first, double &second) {
    const double radius = std::sqrt(-2.0 * logarithm((static_cast<double>(w0) + 0.5) * 0x1p-32));
    const double x = (static_cast<double>(w1 >> 1) + 0.5 - 1073741824.0) * (3.14159265358979323846 / 2147483648.0);
    const double z = x * x;
    double sine = -7.6471637318198165e-13; // 1 / 15!
    sine = sine * z + 1.6059043836821613e-10;
    sine = sine * z - 2.5052108385441720e-08;
    sine = sine * z + 2.7557319223985893e-06;
    sine = sine * z - 1.9841269841269841e-04;
    sine = sine * z + 8.3333333333333332e-03;
    sine = sine * z - 1.6666666666666666e-01;
    sine = x + x * z * sine;
    double cosine = 4.7794773323873853e-14; // 1 / 16!
    cosine = cosine * z - 1.1470745597729725e-11;
    cosine = cosine * z + 2.0876756987868099e-09;
    cosine = cosine * z - 2.7557319223985888e-07;
    cosine = cosine * z + 2.4801587301587302e-05;
    cosine = cosine * z - 1.3888888888888889e-03;
    cosine = cosine * z + 4.1666666666666664e-02;
    cosine = cosine * z - 0.5;
    cosine = cosine * z + 1.0;
    first = from_bits(to_bits(radius * cosine) ^ (w1 << 63));
    second = radius * sine;
}

// Full products of the low halves; what stands in the high halves is ignored.
inline Words multiply(Words words, uint64_t factor) {
#ifdef __AVX512F__
    return (Words)_mm512_mul_epu32((__m512i)words, _mm512_set1_epi64(static_cast<long long>(factor)));
#else
    return (words & 0xFFFFFFFFull) * factor;
#endif
}

inline void philox(Words &a, Words &b, Words &c, Words &d, uint64_t seed) {
    uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
        const Words p0 = multiply(a, 0xD2511F53u), p1 = multiply(c, 0xCD9E8D57u);
        a = (p1 >> 32) ^ b ^ k0;
        b = p1;
        c = (p0 >> 32) ^ d ^ k1;
        d = p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

template <int shocks, int lanes>
void fill_normals(Normals<shocks, lanes> &normals, uint64_t first_path, uint64_t call, uint64_t seed) {
    alignas(64) uint64_t word[4][lanes];
    for (uint64_t shock = 0; shock < shocks; ++shock) {
        for (int lane = 0; lane < lanes; lane += words_lanes) {
            const Words path = Words{0, 1, 2, 3, 4, 5, 6, 7} + (first_path + lane);
            Words a = path, b = path >> 32, c = Words{} + call, d = Words{} + shock;
            philox(a, b, c, d, seed);
            std::memcpy(&word[0][lane], &a, sizeof a);
            std::memcpy(&word[1][lane], &b, sizeof b);
            std::memcpy(&word[2][lane], &c, sizeof c);
            std::memcpy(&word[3][lane], &d, sizeof d);
        }
        auto &out = normals.of[shock];
        for (int pair = 0; pair < 2; ++pair) {
            const uint64_t *w0 = word[2 * pair], *w1 = word[2 * pair + 1];
            double *first = out[2 * pair], *second = out[2 * pair + 1];
#pragma GCC ivdep
            for (int lane = 0; lane < lanes; ++lane) {
                box_muller(w0[lane] & 0xFFFFFFFFull, w1[lane] & 0xFFFFFFFFull, first[lane], second[lane]);
            }
        }
    }
}

// Keeps a step of a block and notes first passages.
template <int lanes> inline void note(const double *cash, double time, double *event, float *row) {
#pragma GCC ivdep
    for (int lane = 0; lane < lanes; ++lane) {
        const double candidate = cash[lane] < 0.0 ? time : never;
        event[lane] = candidate < event[lane] ? candidate : event[lane];
        row[lane] = static_cast<float>(cash[lane]);
    }
}

// Starts a block: the same cash on every path, no event yet.
template <int lanes> inline void begin(double initial_cash, double *cash, double *event, float *row) {
    for (int lane = 0; lane < lanes; ++lane) {
        cash[lane] = initial_cash;
        event[lane] = never;
        row[lane] = static_cast<float>(initial_cash);
    }
}

} // namespace
