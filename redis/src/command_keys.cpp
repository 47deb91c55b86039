#include "command_keys.hpp"

#include "word.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_map>

namespace infra::redis::detail {
namespace {

/// How a command's keys are found.
struct rule {
    enum class kind : std::uint8_t {
        none,
        range,     ///< from `first` to `last` in steps; a negative `last` counts from the end
        counted,   ///< how many there are stands at `first`, they follow; if `last` is not 0, one more stands there
        streams,   ///< after STREAMS, the first half of the words
        stored,    ///< one at `first`, and one after STORE or STOREDIST
        sub,       ///< one at `first`, if there is so much
        by_server, ///< known to be too odd
    };
    kind type = kind::by_server;
    int first = 0;
    int last = 0;
    int step = 1;
};

using enum rule::kind;

struct rules_entry {
    rule how;
    std::string_view names;
};

// Redis 7.0's commands; a test compares them with what a server says of itself.
constexpr rules_entry entries[] = {
    {{range, 1, 1, 1},
     "APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS DECR DECRBY DUMP EXPIRE EXPIREAT EXPIRETIME GEOADD GEODIST "
     "GEOHASH GEOPOS GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GET GETBIT GETDEL GETEX GETRANGE GETSET HDEL "
     "HEXISTS HGET HGETALL HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HRANDFIELD HSCAN HSET HSETNX HSTRLEN HVALS "
     "INCR INCRBY INCRBYFLOAT LINDEX LINSERT LLEN LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM MOVE PERSIST "
     "PEXPIRE PEXPIREAT PEXPIRETIME PFADD PSETEX PTTL RESTORE RPOP RPUSH RPUSHX SADD SCARD SET SETBIT SETEX SETNX "
     "SETRANGE SISMEMBER SMEMBERS SMISMEMBER SPOP SPUBLISH SRANDMEMBER SREM SSCAN STRLEN SUBSTR TTL TYPE XACK XADD "
     "XAUTOCLAIM XCLAIM XDEL XLEN XPENDING XRANGE XREVRANGE XSETID XTRIM ZADD ZCARD ZCOUNT ZINCRBY ZLEXCOUNT "
     "ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREM ZREMRANGEBYLEX "
     "ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE SORT_RO"},
    {{range, 1, 2, 1}, "BLMOVE BRPOPLPUSH COPY GEOSEARCHSTORE LCS LMOVE RENAME RENAMENX RPOPLPUSH SMOVE ZRANGESTORE"},
    {{range, 1, -1, 1},
     "DEL EXISTS MGET PFCOUNT PFMERGE SDIFF SDIFFSTORE SINTER SINTERSTORE SSUBSCRIBE SUNION SUNIONSTORE "
     "SUNSUBSCRIBE TOUCH UNLINK WATCH"},
    {{range, 1, -1, 2}, "MSET MSETNX"},
    {{range, 1, -2, 1}, "BLPOP BRPOP BZPOPMAX BZPOPMIN"},
    {{range, 2, -1, 1}, "BITOP"},
    {{counted, 1, 0, 1}, "LMPOP SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION"},
    {{counted, 2, 0, 1}, "BLMPOP BZMPOP EVAL EVALSHA EVALSHA_RO EVAL_RO FCALL FCALL_RO"},
    {{counted, 2, 1, 1}, "ZDIFFSTORE ZINTERSTORE ZUNIONSTORE"},
    {{streams, 0, 0, 1}, "XREAD XREADGROUP"},
    {{stored, 1, 0, 1}, "GEORADIUS GEORADIUSBYMEMBER SORT"},
    {{sub, 2, 0, 1}, "OBJECT XGROUP XINFO"},
    {{none, 0, 0, 1},
     "ACL ASKING AUTH BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND CONFIG DBSIZE DISCARD ECHO EXEC FAILOVER FLUSHALL "
     "FLUSHDB FUNCTION HELLO INFO KEYS LASTSAVE LATENCY LOLWUT MODULE MONITOR MULTI PING PSUBSCRIBE PSYNC PUBLISH "
     "PUBSUB PUNSUBSCRIBE QUIT RANDOMKEY READONLY READWRITE REPLCONF REPLICAOF RESET ROLE SAVE SCAN SCRIPT SELECT "
     "SHUTDOWN SLAVEOF SLOWLOG SUBSCRIBE SWAPDB SYNC TIME UNSUBSCRIBE UNWATCH WAIT WAITAOF"},
    {{by_server, 0, 0, 1}, "DEBUG MEMORY MIGRATE"},
};

std::string upper_word(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        c = upper(c);
    return out;
}

const std::unordered_map<std::string_view, rule>& rules() {
    static const auto made = [] {
        std::unordered_map<std::string_view, rule> out;
        for (const auto& [how, names] : entries)
            for (std::string_view rest = names; !rest.empty();) {
                const auto name = rest.substr(0, rest.find(' '));
                out.emplace(name, how);
                rest.remove_prefix(std::min(rest.size(), name.size() + 1));
            }
        return out;
    }();
    return made;
}

rule rule_of(std::string_view name) {
    if (name.size() > longest_command_name)
        return {};
    const auto found = rules().find(upper_word(name)); // in place: short
    return found == rules().end() ? rule() : found->second;
}

using words_of_command = std::span<const std::string_view>;

std::vector<std::size_t> in_range(words_of_command words, const rule& r) {
    const auto size = static_cast<int>(words.size());
    const int last = r.last < 0 ? size + r.last : std::min(r.last, size - 1);
    std::vector<std::size_t> out;
    for (int i = r.first; i <= last; i += r.step)
        out.push_back(static_cast<std::size_t>(i));
    return out;
}

// A number that is none, or too large, is for the server to refuse.
std::vector<std::size_t> after_their_number(words_of_command words, const rule& r) {
    std::vector<std::size_t> out;
    if (r.last != 0 && words.size() > 1)
        out.push_back(static_cast<std::size_t>(r.last));
    const auto at = static_cast<std::size_t>(r.first);
    if (words.size() <= at)
        return out;
    std::size_t many = 0;
    std::from_chars(words[at].data(), words[at].data() + words[at].size(), many);
    for (std::size_t i = at + 1; i < words.size() && i - at <= many; ++i)
        out.push_back(i);
    return out;
}

std::vector<std::size_t> of_streams(words_of_command words) {
    std::vector<std::size_t> out;
    const auto begin = std::ranges::find_if(words, [](auto w) { return w.size() == 7 && upper_word(w) == "STREAMS"; });
    if (begin == words.end())
        return out;
    const auto first = static_cast<std::size_t>(begin - words.begin()) + 1;
    for (std::size_t i = 0; i < (words.size() - first) / 2; ++i)
        out.push_back(first + i);
    return out;
}

std::vector<std::size_t> with_store(words_of_command words) {
    std::vector<std::size_t> out;
    if (words.size() > 1)
        out.push_back(1);
    for (std::size_t i = 2; i + 1 < words.size(); ++i)
        if (words[i].size() <= 9 && (upper_word(words[i]) == "STORE" || upper_word(words[i]) == "STOREDIST"))
            out.push_back(i + 1);
    return out;
}

bool is_word(std::string_view word, std::initializer_list<std::string_view> any) {
    return word.size() <= longest_command_name && std::ranges::find(any, upper_word(word)) != any.end();
}

} // namespace

key_places keys_of(std::span<const std::string_view> words) {
    const auto r = rule_of(words.front());
    switch (r.type) {
    case none: return {};
    case range: return {.at = in_range(words, r)};
    case counted: return {.at = after_their_number(words, r)};
    case streams: return {.at = of_streams(words)};
    case stored: return {.at = with_store(words)};
    case sub: return {.at = words.size() > 2 ? std::vector<std::size_t>{2} : std::vector<std::size_t>{}};
    case by_server: break;
    }
    return {.known = false};
}

slots_of_command slots_of(const command& c) {
    const auto words = c.words();
    const auto keys = keys_of(words);
    slots_of_command out{.known = keys.known, .has_keys = !keys.at.empty()};
    if (!out.has_keys)
        return out;
    out.slot = slot_of(words[keys.at.front()]);
    for (const auto i : keys.at)
        out.crosses |= slot_of(words[i]) != out.slot;
    return out;
}

audience audience_of(const command& c) {
    const auto words = c.words();
    const auto second = words.size() > 1 ? words[1] : std::string_view();
    if (is_word(words[0], {"FLUSHALL", "FLUSHDB"}))
        return audience::everyone;
    if (is_word(words[0], {"SCRIPT"}) && is_word(second, {"LOAD", "FLUSH"}))
        return audience::everyone;
    if (is_word(words[0], {"FUNCTION"}) && is_word(second, {"LOAD", "DELETE", "FLUSH", "RESTORE"}))
        return audience::everyone;
    if (is_word(words[0], {"DBSIZE"}))
        return audience::sum;
    if (is_word(words[0], {"KEYS"}))
        return audience::all_of;
    return is_word(words[0], {"SCAN"}) ? audience::nobody : audience::any;
}

} // namespace infra::redis::detail
