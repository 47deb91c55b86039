#include "command_table.hpp"

#include "word.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>

namespace infra::redis::detail {
namespace {

using enum lane_of_travel;

struct facts {
    std::string_view name;
    replay again = replay::never;
    lane_of_travel travels = shared;
};

constexpr auto rd = replay::read;
constexpr auto idem = replay::idempotent;
constexpr auto never = replay::never;

// Redis 7.0's commands, less those about which nothing is to be said. A test compares them with what a server says of
// itself. A name may stand for subcommands that differ; such a one is `never`, or is looked at below.
constexpr facts known_commands[] = {
    // keys
    {"COPY", never},
    {"DEL", idem},
    {"DUMP", rd},
    {"EXISTS", rd},
    {"EXPIRE", idem},
    {"EXPIREAT", idem},
    {"EXPIRETIME", rd},
    {"KEYS", rd},
    {"OBJECT", rd},
    {"PERSIST", idem},
    {"PEXPIRE", idem},
    {"PEXPIREAT", idem},
    {"PEXPIRETIME", rd},
    {"PTTL", rd},
    {"RANDOMKEY", rd},
    {"SCAN", rd},
    {"SORT_RO", rd},
    {"TOUCH", rd},
    {"TTL", rd},
    {"TYPE", rd},
    {"UNLINK", idem},
    {"DBSIZE", rd},
    // strings
    {"GET", rd},
    {"GETRANGE", rd},
    {"LCS", rd},
    {"MGET", rd},
    {"MSET", idem},
    {"PSETEX", idem},
    {"SET", idem},
    {"SETEX", idem},
    {"SETRANGE", idem},
    {"STRLEN", rd},
    {"SUBSTR", rd},
    // bits
    {"BITCOUNT", rd},
    {"BITFIELD_RO", rd},
    {"BITPOS", rd},
    {"GETBIT", rd},
    {"SETBIT", idem},
    // hashes
    {"HDEL", idem},
    {"HEXISTS", rd},
    {"HGET", rd},
    {"HGETALL", rd},
    {"HKEYS", rd},
    {"HLEN", rd},
    {"HMGET", rd},
    {"HMSET", idem},
    {"HRANDFIELD", rd},
    {"HSCAN", rd},
    {"HSET", idem},
    {"HSTRLEN", rd},
    {"HVALS", rd},
    // lists
    {"LINDEX", rd},
    {"LLEN", rd},
    {"LPOS", rd},
    {"LRANGE", rd},
    {"LSET", idem},
    {"BLMOVE", never, blocking},
    {"BLMPOP", never, blocking},
    {"BLPOP", never, blocking},
    {"BRPOP", never, blocking},
    {"BRPOPLPUSH", never, blocking},
    // sets
    {"SADD", idem},
    {"SCARD", rd},
    {"SDIFF", rd},
    {"SINTER", rd},
    {"SINTERCARD", rd},
    {"SISMEMBER", rd},
    {"SMEMBERS", rd},
    {"SMISMEMBER", rd},
    {"SRANDMEMBER", rd},
    {"SREM", idem},
    {"SSCAN", rd},
    {"SUNION", rd},
    // sorted sets
    {"ZADD", idem},
    {"ZCARD", rd},
    {"ZCOUNT", rd},
    {"ZDIFF", rd},
    {"ZINTER", rd},
    {"ZINTERCARD", rd},
    {"ZLEXCOUNT", rd},
    {"ZMSCORE", rd},
    {"ZRANDMEMBER", rd},
    {"ZRANGE", rd},
    {"ZRANGEBYLEX", rd},
    {"ZRANGEBYSCORE", rd},
    {"ZRANK", rd},
    {"ZREM", idem},
    {"ZREMRANGEBYLEX", idem},
    {"ZREMRANGEBYSCORE", idem},
    {"ZREVRANGE", rd},
    {"ZREVRANGEBYLEX", rd},
    {"ZREVRANGEBYSCORE", rd},
    {"ZREVRANK", rd},
    {"ZSCAN", rd},
    {"ZSCORE", rd},
    {"ZUNION", rd},
    {"BZMPOP", never, blocking},
    {"BZPOPMAX", never, blocking},
    {"BZPOPMIN", never, blocking},
    // places, sketches, streams
    {"GEODIST", rd},
    {"GEOHASH", rd},
    {"GEOPOS", rd},
    {"GEORADIUSBYMEMBER_RO", rd},
    {"GEORADIUS_RO", rd},
    {"GEOSEARCH", rd},
    {"PFADD", idem},
    {"PFCOUNT", rd},
    {"PFMERGE", idem},
    {"XDEL", idem},
    {"XINFO", rd},
    {"XLEN", rd},
    {"XPENDING", rd},
    {"XRANGE", rd},
    {"XREVRANGE", rd},
    {"XREAD", rd, blocking},
    {"XREADGROUP", never, blocking},
    // scripts
    {"EVAL_RO", rd},
    {"EVALSHA_RO", rd},
    {"FCALL_RO", rd},
    // the server
    {"COMMAND", rd},
    {"ECHO", rd},
    {"INFO", rd},
    {"LASTSAVE", rd},
    {"LOLWUT", rd},
    {"PING", rd},
    {"ROLE", rd},
    {"TIME", rd},
    // the connection
    {"WAIT", never, own}, // asks of the writes of its own connection
    {"WAITAOF", never, own},
    {"ASKING", never, own},
    {"AUTH", never, own},
    {"CLIENT", never, own},
    {"DISCARD", never, own},
    {"EXEC", never, own},
    {"HELLO", never, own},
    {"MULTI", never, own},
    {"READONLY", never, own},
    {"READWRITE", never, own},
    {"SELECT", never, own},
    {"UNWATCH", never, own},
    {"WATCH", never, own},
    {"SCRIPT", never, own},
    {"MONITOR", never, forbidden},
    {"PSUBSCRIBE", never, forbidden},
    {"PSYNC", never, forbidden},
    {"PUNSUBSCRIBE", never, forbidden},
    {"QUIT", never, forbidden},
    {"REPLCONF", never, forbidden},
    {"RESET", never, forbidden},
    {"SSUBSCRIBE", never, forbidden},
    {"SUBSCRIBE", never, forbidden},
    {"SUNSUBSCRIBE", never, forbidden},
    {"SYNC", never, forbidden},
    {"UNSUBSCRIBE", never, forbidden},
};

// FNV-1a: names are short.
constexpr std::size_t hash_of_word(std::string_view name) {
    std::uint32_t h = 2166136261u;
    for (const char c : name)
        h = (h ^ static_cast<unsigned char>(upper(c))) * 16777619u;
    return h ^ (h >> 15);
}

constexpr std::size_t buckets = 512;

constexpr auto known_by_hash = [] {
    std::array<std::uint8_t, buckets> made{}; // 0: empty, else 1 + the place in the table
    static_assert(std::size(known_commands) < 255);
    for (std::size_t i = 0; i < std::size(known_commands); ++i) {
        auto at = hash_of_word(known_commands[i].name) % buckets;
        while (made[at] != 0)
            at = (at + 1) % buckets;
        made[at] = static_cast<std::uint8_t>(i + 1);
    }
    return made;
}();

const facts* find(std::string_view name) noexcept {
    if (name.size() > longest_command_name)
        return nullptr;
    for (auto at = hash_of_word(name) % buckets; known_by_hash[at] != 0; at = (at + 1) % buckets)
        if (const auto& each = known_commands[known_by_hash[at] - 1]; same_word(name, each.name))
            return &each;
    return nullptr;
}

bool has_word(const command& c, std::initializer_list<std::string_view> any, std::size_t from) {
    const auto words = c.words();
    for (std::size_t i = from; i < words.size(); ++i)
        for (const auto each : any)
            if (same_word(words[i], each))
                return true;
    return false;
}

// Of its options some make the second time another thing than the first (NX, GET, IFEQ and its like, and whatever later
// servers know); these do not.
bool is_plain_set(const command& c) {
    const auto words = c.words();
    for (std::size_t i = 3; i < words.size(); ++i) {
        const auto is = [&](std::string_view each) { return same_word(words[i], each); };
        if (is("EX") || is("PX") || is("EXAT") || is("PXAT"))
            ++i; // and its number
        else if (!is("KEEPTTL") && !is("XX"))
            return false;
    }
    return true;
}

std::string_view second_word(const command& c) {
    const auto words = c.words();
    return words.size() > 1 ? words[1] : std::string_view();
}

// What asks about clients does no harm; what changes this one's would change it for all who share it.
lane_of_travel lane_of_client(const command& c) {
    static constexpr std::string_view harmless[] = {"GETNAME", "HELP",  "ID",      "INFO",   "KILL",
                                                    "LIST",    "PAUSE", "UNPAUSE", "UNBLOCK"};
    const auto verb = second_word(c);
    if (same_word(verb, "REPLY"))
        return forbidden;
    return std::ranges::any_of(harmless, [&](auto each) { return same_word(verb, each); }) ? shared : own;
}

std::optional<double> time_number(std::string_view text) {
    double out = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    const bool whole = problem == std::errc{} && end == text.data() + text.size() && std::isfinite(out) && out >= 0;
    return whole ? std::optional(out) : std::nullopt;
}

std::optional<std::chrono::milliseconds> waiting_time(std::string_view text, double factor) {
    constexpr double most = 1e15; // far beyond what a server takes, well within a duration
    const auto n = time_number(text);
    if (!n)
        return std::nullopt;
    // Rounded up, so that a wait that is not endless does not become so.
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(std::min(*n * factor, most))));
}

/// The word that says how long a blocking command waits, and what one of its units is.
struct time_word {
    std::size_t at = 0; ///< none
    double milliseconds = 1000;
};

// Where XREAD and XREADGROUP say BLOCK: before STREAMS, after which all words are keys and ids.
std::size_t block_of_read(std::span<const std::string_view> words) {
    for (std::size_t i = 1; i + 1 < words.size() && !same_word(words[i], "STREAMS"); ++i)
        if (same_word(words[i], "BLOCK"))
            return i + 1;
    return 0;
}

time_word time_word_of(std::span<const std::string_view> words) {
    const auto* const known = find(words.front());
    const auto name = known ? known->name : std::string_view();
    if (name.starts_with("XREAD"))
        return {.at = block_of_read(words), .milliseconds = 1};
    if (words.size() < 3)
        return {};
    if (name.starts_with("WAIT")) // WAIT replicas ms, WAITAOF local replicas ms
        return {.at = words.size() - 1, .milliseconds = 1};
    return {.at = name.ends_with("MPOP") ? 1 : words.size() - 1};
}

} // namespace

lane_of_travel lane_of(const command& c) {
    const auto* known = find(c.name());
    if (!known || known->travels == shared)
        return shared;
    if (same_word(known->name, "CLIENT"))
        return lane_of_client(c);
    if (same_word(known->name, "SCRIPT"))
        return same_word(second_word(c), "DEBUG") ? forbidden : shared;
    if (known->name.starts_with("XREAD"))
        return block_of_read(c.words()) == 0 ? shared : blocking;
    return known->travels;
}

replay replay_of(const command& c) {
    if (const auto declared = c.declared_replay())
        return *declared;
    const auto* known = find(c.name());
    if (!known)
        return replay::never;
    if (known->name == "SET" && !is_plain_set(c))
        return replay::never;
    // The second time these would do nothing, or answer as if somebody else had done it.
    if (known->name == "ZADD" && has_word(c, {"INCR", "NX"}, 2))
        return replay::never;
    if ((known->name.starts_with("EXPIRE") || known->name.starts_with("PEXPIRE")) && c.size() > 3)
        return known->again == rd ? rd : replay::never;
    return known->again;
}

// Both in any case, also with _RO.
bool runs_a_script(const command& c) {
    const auto begins = [&](std::string_view upper) { return same_word(c.name().substr(0, upper.size()), upper); };
    return begins("EVAL") || begins("FCALL");
}

bool waits_for_replicas(const command& c) {
    const auto* known = find(c.name());
    return known && known->name.starts_with("WAIT");
}

std::optional<std::chrono::milliseconds> blocking_time(const command& c) {
    const auto words = c.words();
    const auto [at, unit] = time_word_of(words);
    return at == 0 ? std::nullopt : waiting_time(words[at], unit);
}

command with_blocking_time(const command& c, std::chrono::milliseconds time) {
    const auto words = c.words();
    const auto [at, unit] = time_word_of(words);
    command out(words.front());
    for (std::size_t i = 1; i < words.size(); ++i)
        if (i == at && unit == 1)
            out.add(time.count());
        else if (i == at)
            out.add(static_cast<double>(time.count()) / unit);
        else
            out.add(words[i]);
    if (const auto declared = c.declared_replay())
        out.again(*declared);
    return out;
}

} // namespace infra::redis::detail
