// The walk by hand.

#include "paths.hpp"

constexpr int lanes = 256, shocks = 1;

// Drift and scale are per step.
struct Parameters {
    double dt, cash, drift, scale;
};

// kept: (n_steps + 1, n_paths) float; event_time: (n_paths,) double; n_paths is a multiple of 256.
extern "C" void simulate(int64_t n_paths, int64_t n_steps, uint64_t seed, const Parameters *given, float *kept,
                         double *event_time) {
    const Parameters p = *given;
    Normals<shocks, lanes> normals;
    alignas(64) double cash[lanes], event[lanes];
    for (int64_t start = 0; start < n_paths; start += lanes) {
        begin<lanes>(p.cash, cash, event, kept + start);
        for (int64_t step = 0; step < n_steps; ++step) {
            const int turn = static_cast<int>(step % steps_per_call);
            if (turn == 0) fill_normals(normals, start, static_cast<uint64_t>(step / steps_per_call), seed);
            const double *z = normals.of[0][turn];
#pragma GCC ivdep
            for (int lane = 0; lane < lanes; ++lane) cash[lane] += p.drift + p.scale * z[lane];
            note<lanes>(cash, static_cast<double>(step + 1) * p.dt, event, kept + (step + 1) * n_paths + start);
        }
        std::memcpy(event_time + start, event, sizeof event);
    }
}
