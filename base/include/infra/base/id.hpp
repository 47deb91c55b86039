#pragma once

/// Identifiers and chance.
///
///     auto job_id  = infra::uuid_v7();         // sorts by time of creation; safe to show, hard to guess
///     auto session = infra::random_hex(16);    // 128 secret bits in 32 digits
///     auto lot     = infra::random_01();       // for jitter and sampling: fast, and predictable to who sees enough
///
/// Threads:  everything from any thread; also in the child after fork().
/// Errors:   infra::error (errc::unavailable) when the kernel gives no random bytes, which happens only where a sandbox
///           forbids getrandom(2).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace infra {

/// Fills `out` with bytes fit for keys and tokens (getrandom(2)).
void random_bytes(std::span<std::byte> out);

/// `bytes` random bytes as twice as many lower-case hex digits. Fit for secrets.
std::string random_hex(std::size_t bytes);

/// A UUID of version 7 (RFC 9562): milliseconds since 1970, a counter, 62 bits fit for secrets. In text and in time,
/// each id of a process is greater than the one before, whichever threads asked and wherever the wall clock went; a
/// forked child starts from its parent's last. More than some 3 000 in a millisecond borrow from the next one.
std::string uuid_v7();

/// The arrangement of bits alone: 48 bits of `unix_ms`, 12 of `counter`, 62 of `random`. Higher bits are ignored.
std::string uuid_v7_from(std::uint64_t unix_ms, std::uint16_t counter, std::uint64_t random);

/// 64 uniform bits, not for secrets (xoroshiro128++, one state for each thread). A few nanoseconds.
std::uint64_t random_u64();
void random_u64s(std::span<std::uint64_t> out); ///< several for little more

/// Uniform in [0, 1), in steps of 2^-53. Not for secrets.
double random_01();

namespace detail {

/// What orders ids: milliseconds in the upper 52 bits, the counter in the lower 12, so that an overflowing counter
/// carries into time. A new millisecond starts at `seed`'s lower 11 bits, which leaves at least 2 048 to count.
std::uint64_t next_uuid_tick(std::uint64_t last, std::uint64_t unix_ms, std::uint64_t seed) noexcept;

} // namespace detail

} // namespace infra
