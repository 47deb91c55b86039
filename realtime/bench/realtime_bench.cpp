// Fan-out of one server core, ours beside npm's `ws` and beside a bare loop of send().
//
//     realtime_server_realtime_bench [--json FILE] [--rounds N] [--clients N] [--idle N] [--idle_seconds N] [--part N]
//
// Each server runs alone on the first core; the clients are this program, on the second. It counts every delivery: a run counts only when all
// that was published has come to all. 128-byte messages. "single" is one publication for each turn of the server's loop, "burst of 10" ten. Latency is from publish to
// receive, at half the load that was reached. Part 1 is single publications, 2 bursts, 3 the stalled reader, 4 the resume of all, alone and over Redis, 5 those
// who are idle, 6 what subscriptions take. Opens as many files as the system lets it (`ulimit -Hn`, 10 100 are needed).

#include "comparison.hpp"
#include "crowd.hpp"
#include "process.hpp"
#include "servers.hpp"

#include <infra/testing/redis_server.hpp>

#include <fstream>
#include <sstream>

namespace infra::realtime::bench {
namespace {

namespace fs = std::filesystem;
using infra::bench::arguments;
using infra::bench::better;
using infra::bench::median;
using infra::bench::process;

constexpr int server_core = 0;
constexpr int client_core = 1;

void pin_to(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    ::sched_setaffinity(0, sizeof cores, &cores);
}

int connected_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
        throw std::runtime_error("nobody listens on port " + std::to_string(port));
    return fd;
}

// --- Servers ----------------------------------------------------------------------------------------------------------

class server {
public:
    explicit server(std::vector<std::string> command) : process_(std::move(command), server_core) {
        std::istringstream(process_.line()) >> port_ >> pid_;
        if (port_ == 0)
            throw std::runtime_error("a server does not start");
    }

    std::uint16_t port() const noexcept { return port_; }

    /// What its own memory holds, in KiB, without what it shares with files.
    double anonymous_kib() const {
        std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
        for (std::string line; std::getline(status, line);)
            if (line.starts_with("RssAnon:"))
                return std::strtod(line.c_str() + 8, nullptr);
        return 0;
    }

    double cpu_seconds() const {
        std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
        std::string text((std::istreambuf_iterator<char>(stat)), {});
        std::istringstream fields(text.substr(text.rfind(')') + 1));
        std::string skipped;
        for (int i = 0; i < 11; ++i)
            fields >> skipped;
        double user = 0, system = 0;
        fields >> user >> system;
        return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }

    void ask(const std::string& target) const {
        const int fd = connected_to(port_);
        const auto request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        char answer[64];
        const bool answered = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0 &&
                              ::recv(fd, answer, sizeof answer, 0) > 12 &&
                              std::string_view(answer).starts_with("HTTP/1.1 200");
        ::close(fd);
        if (!answered)
            throw std::runtime_error("a server does not answer " + target);
    }

    void publish(plan p) const {
        ask("/publish?turns=" + std::to_string(p.turns) + "&burst=" + std::to_string(p.burst) +
            "&every=" + std::to_string(p.every.count()));
    }

private:
    process process_;
    std::uint16_t port_ = 0;
    int pid_ = 0;
};

struct contender {
    std::string name;
    std::vector<std::string> command;
    bool has_channels = false;
};

std::string myself() { return fs::read_symlink("/proc/self/exe").string(); }

contender ours(const std::string& redis = {}) { return {"ours", {myself(), "--serve", redis}, true}; }
contender bare() { return {"a loop of send()", {myself(), "--bare"}}; }
std::optional<contender> ws() {
    const auto folder = infra::bench::peers_folder_with("ws", "realtime");
    if (!folder)
        return std::nullopt;
    return contender{"ws", {"node", (*folder / "ws_server.mjs").string()}};
}

std::string subscribe_to(const std::string& channel) {
    return client_frame(R"({"type":"subscribe","channel":")" + channel + "\"}");
}

crowd::options clients_of(const contender& c, const server& s, const std::string& channel = "bench") {
    crowd::options o{.port = s.port()};
    if (c.has_channels) {
        o.hello = [said = subscribe_to(channel)](std::size_t) { return said; };
        o.ready = R"({"type":"subscribed")";
    }
    return o;
}

// --- Fan-out ----------------------------------------------------------------------------------------------------------

/// Deliveries a second.
double run_all(crowd& clients, const server& s, plan p) {
    clients.seen().clear();
    const auto wanted = clients.deliveries() + static_cast<std::uint64_t>(p.turns * p.burst) * clients.clients().size();
    const auto begin = now_ns();
    s.publish(p);
    const auto planned = static_cast<int>(p.turns * p.every.count() / 1000);
    if (!clients.turn_until([&] { return clients.deliveries() >= wanted; }, 60'000 + planned) || clients.lost_any())
        throw std::runtime_error("of what was published, " + std::to_string(wanted - clients.deliveries()) +
                                 " deliveries of " + std::to_string(p.turns * p.burst) + " to each have not come");
    return static_cast<double>(p.turns * p.burst) * static_cast<double>(clients.clients().size()) * 1e9 /
           static_cast<double>(clients.last_delivery_ns() - begin);
}

struct fan_out {
    std::vector<double> rates{}, p50{}, p99{};
    double receivers_busy = 0; ///< of their core
};

double thread_seconds() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

plan for_seconds(double rate, double seconds, std::size_t clients, long burst) {
    return {
        std::max(20L, static_cast<long>(rate * seconds / static_cast<double>(clients) / static_cast<double>(burst))),
        burst};
}

plan at_load(double rate, double seconds, std::size_t clients, long burst) {
    const auto turns_per_second = rate / static_cast<double>(clients) / static_cast<double>(burst);
    return {std::max(20L, static_cast<long>(turns_per_second * seconds)), burst,
            std::chrono::microseconds(static_cast<long>(1e6 / turns_per_second))};
}

void measure_fan_out(const contender& c, std::size_t count, long burst, fan_out& to) {
    const server s(c.command);
    crowd clients(clients_of(c, s));
    clients.connect(count);
    run_all(clients, s, {.turns = 100, .burst = burst}); // a just-in-time compiler warms
    const auto guess = run_all(clients, s, {.turns = 100, .burst = burst});
    const auto cpu = thread_seconds();
    const auto begin = now_ns();
    const auto rate = run_all(clients, s, for_seconds(guess, 1.5, count, burst));
    to.receivers_busy =
        std::max(to.receivers_busy, (thread_seconds() - cpu) * 1e9 / static_cast<double>(now_ns() - begin));
    to.rates.push_back(rate);
    run_all(clients, s, at_load(rate / 2, 2, count, burst));
    to.p50.push_back(clients.seen().percentile_ms(0.5));
    to.p99.push_back(clients.seen().percentile_ms(0.99));
}

void compare_fan_out(const arguments& a, infra::bench::report& to, const std::string& name, long burst,
                     const std::string& wanted) {
    const auto count = static_cast<std::size_t>(a["clients"]);
    const auto peer = ws();
    fan_out mine, theirs, least;
    for (int round = 0; round < a["rounds"]; ++round) {
        measure_fan_out(ours(), count, burst, mine);
        if (peer)
            measure_fan_out(*peer, count, burst, theirs);
        if (burst == 1)
            measure_fan_out(bare(), count, burst, least);
    }
    to.add({name, median(mine.rates), "deliveries/s", "ws", median(theirs.rates), better::more, wanted});
    if (burst == 1)
        to.add({name, median(mine.rates), "deliveries/s", bare().name, median(least.rates), better::more, "≥ 0.8"});
    to.add({name + ", half load, p50", median(mine.p50), "ms", "ws", median(theirs.p50)});
    to.add({name + ", half load, p99", median(mine.p99), "ms", "ws", median(theirs.p99), better::less, "≤ 20 ms"});
    std::printf("%-50s %10.0f %% of their core\n", "  the receivers were busy, ours:", mine.receivers_busy * 100);
}

// --- Idle clients -----------------------------------------------------------------------------------------------------

struct idle {
    double kib = 0;         ///< each
    double cpu_percent = 0; ///< all together
};

idle measure_idle(const contender& c, std::size_t count, int seconds) {
    const server s(c.command);
    crowd clients(clients_of(c, s));
    clients.connect(10);
    const auto before = s.anonymous_kib();
    clients.connect(count);
    clients.turn_until([] { return false; }, 1000);
    const auto cpu = s.cpu_seconds();
    clients.turn_until([] { return false; }, seconds * 1000); // which answers pings
    const auto used = s.cpu_seconds() - cpu;
    if (clients.lost_any())
        throw std::runtime_error("idle clients were cut off");
    return {(s.anonymous_kib() - before) / static_cast<double>(count), used / seconds * 100};
}

void compare_idle(const arguments& a, infra::bench::report& to) {
    const auto count = static_cast<std::size_t>(a["idle"]);
    const auto mine = measure_idle(ours(), count, a["idle_seconds"]);
    const auto peer = ws();
    const auto theirs = peer ? measure_idle(*peer, count, a["idle_seconds"]) : idle{};
    to.add(
        {"an idle connection of " + std::to_string(count), mine.kib, "KiB", "ws", theirs.kib, better::less, "≤ 3 KiB"});
    to.add(
        {"CPU while they are idle", mine.cpu_percent, "% of a core", "ws", theirs.cpu_percent, better::less, "≤ 1 %"});
}

// --- What subscriptions take ------------------------------------------------------------------------------------------

/// KiB of each who is on so many channels, the same for all, or on one that nobody else is on.
double measure_memory(std::size_t count, std::size_t channels, bool own = false) {
    const server s(ours().command);
    crowd::options o{.port = s.port()};
    o.hello = [=](std::size_t client) {
        std::string all;
        for (std::size_t i = 0; i < channels; ++i)
            all += subscribe_to((own ? "user:" + std::to_string(client) + ":" : "room:") + std::to_string(i));
        return all;
    };
    if (channels > 0)
        o.ready = R"({"type":"subscribed","channel":")" + (own ? "user:" : "room:" + std::to_string(channels - 1));
    crowd clients(o);
    clients.connect(10);
    const auto before = s.anonymous_kib();
    clients.connect(count);
    clients.turn_until([] { return false; }, 500);
    return (s.anonymous_kib() - before) / static_cast<double>(count);
}

void show_memory(const arguments& a, infra::bench::report& to) {
    const auto count = static_cast<std::size_t>(a["idle"]);
    const auto who = "a client of " + std::to_string(count);
    to.add({who + ", on no channel", measure_memory(count, 0), "KiB", "", 0, better::less, ""});
    to.add({who + ", on 10 that all are on", measure_memory(count, 10), "KiB", "", 0, better::less, ""});
    to.add({who + ", on one of its own", measure_memory(count, 1, true), "KiB", "", 0, better::less, ""});
}

// --- All come back at once --------------------------------------------------------------------------------------------

std::string between(std::string_view text, std::string_view before, std::string_view after) {
    const auto begin = text.find(before);
    if (begin == std::string_view::npos)
        throw std::runtime_error("no " + std::string(before) + " in " + std::string(text));
    const auto rest = text.substr(begin + before.size());
    return std::string(rest.substr(0, rest.find(after)));
}

/// Seconds from the first connection until the last client has all that it missed. Over Redis they come back to another node.
double measure_storm(std::size_t count, long missed, const std::string& redis = {}) {
    const auto c = ours(redis);
    std::optional<server> s(c.command);
    std::string epoch;
    {
        crowd before(clients_of(c, *s, "kept"));
        before.on_other = [&](crowd::client&, std::string_view text) {
            if (text.starts_with(R"({"type":"subscribed")"))
                epoch = between(text, R"("epoch":")", "\"");
        };
        before.connect(count);
    }
    s->ask("/say?turns=" + std::to_string(missed));
    if (!redis.empty())
        s.emplace(c.command);

    auto options = clients_of(c, *s);
    options.hello = [said = client_frame(R"({"type":"subscribe","channel":"kept","since":{"epoch":")" + epoch +
                                         R"(","offset":0}})")](std::size_t) { return said; };
    crowd back(options);
    std::uint64_t recovered = 0;
    back.on_other = [&](crowd::client& who, std::string_view text) {
        if (!text.starts_with(R"({"type":"said")"))
            return;
        // `deliveries` counts them: each must be the next.
        if (std::stoull(between(text, R"("offset":)", ",")) != ++who.deliveries)
            throw std::runtime_error("a client got a message twice, or not at all");
        ++recovered;
    };
    const auto begin = now_ns();
    back.connect(count);
    if (!back.turn_until([&] { return recovered == count * static_cast<std::uint64_t>(missed); }, 30'000))
        throw std::runtime_error("not all that was missed has come");
    return static_cast<double>(now_ns() - begin) / 1e9;
}

/// Seconds from the first connection until the last client, which has just come, has been told the newest messages.
double measure_arrival(std::size_t count, long messages, const std::string& redis = {}) {
    const server s(ours(redis).command);
    s.ask("/say?turns=" + std::to_string(messages));
    auto options = crowd::options{.port = s.port()};
    const auto limit = std::to_string(messages);
    options.hello = [said = subscribe_to("kept") +
                            client_frame(R"({"type":"history","channel":"kept","data":{"limit":)" + limit + "}}")](
                        std::size_t) { return said; };
    options.ready = R"("data":{"number":)" + std::to_string(messages - 1) + "}}]}}";
    crowd clients(options);
    const auto begin = now_ns();
    clients.connect(count);
    return static_cast<double>(now_ns() - begin) / 1e9;
}

long histories_asked_for(const testing::redis_server& at) {
    const int fd = connected_to(at.port());
    const std::string_view question = "INFO commandstats\r\n";
    std::string answer(16 * 1024, '\0');
    ::send(fd, question.data(), question.size(), MSG_NOSIGNAL);
    ::recv(fd, answer.data(), answer.size(), 0);
    ::close(fd);
    return std::stol(between(answer, "cmdstat_xrevrange:calls=", ","));
}

void show_storm(const arguments& a, infra::bench::report& to, bool over_redis) {
    std::vector<double> resumed, came;
    const auto count = static_cast<std::size_t>(a["idle"]);
    for (int round = 0; round < a["rounds"]; ++round) {
        std::optional<testing::redis_server> redis;
        const auto url = over_redis ? redis.emplace().url() : std::string();
        resumed.push_back(measure_storm(count, 20, url));
        came.push_back(measure_arrival(count, 20, url));
        if (redis)
            std::printf("%-50s %10ld\n", "  histories that Redis was asked for, in all:", histories_asked_for(*redis));
    }
    const auto who = std::to_string(count) + " clients ";
    const std::string where = over_redis ? ", over Redis" : "";
    to.add({who + "resume, 20 messages each" + where, median(resumed), "s", "", 0, better::less, "≤ 3 s"});
    to.add({who + "come and ask for 20" + where, median(came), "s", "", 0, better::less, ""});
}

// --- One reads no more ------------------------------------------------------------------------------------------------

struct stalled {
    double p99_without = 0, p99_with = 0, mib = 0;
};

stalled measure_stalled(std::size_t count) {
    const auto c = ours();
    const server s(c.command);
    crowd clients(clients_of(c, s));
    auto both = clients_of(c, s);
    both.hello = [](std::size_t) { return subscribe_to("bench") + subscribe_to("heavy"); };
    both.ready = R"({"type":"subscribed","channel":"heavy")";
    crowd other(both);
    clients.connect(count - 1);
    other.connect(1);
    run_all(clients, s, {.turns = 100});
    const auto rate = run_all(clients, s, {.turns = 300});
    stalled found;
    const auto load = at_load(rate / 2, 3, count - 1, 1);
    run_all(clients, s, load);
    found.p99_without = clients.seen().percentile_ms(0.99);
    other.stall_one();
    const auto before = s.anonymous_kib();
    s.ask("/fill?turns=100000"); // 13 MB: more than the kernel holds for it and its queue
    found.mib = (s.anonymous_kib() - before) / 1024;
    run_all(clients, s, load);
    found.p99_with = clients.seen().percentile_ms(0.99);
    return found;
}

void show_stalled(const arguments& a, infra::bench::report& to) {
    std::vector<double> with, without, mib;
    for (int round = 0; round < a["rounds"]; ++round) {
        const auto one = measure_stalled(static_cast<std::size_t>(a["clients"]));
        with.push_back(one.p99_with);
        without.push_back(one.p99_without);
        mib.push_back(one.mib);
    }
    to.add({"p99 of the others, one reads no more", median(with), "ms", "all read", median(without), better::less,
            "≥ 0.9"});
    to.add({"memory that one takes", median(mib), "MiB", "", 0, better::less, "≤ its queue of 1 MiB"});
}

int compare(const arguments& a) {
    if (std::thread::hardware_concurrency() < 2) {
        std::cerr << "realtime_bench needs two cores: one for the server, one for the clients\n";
        return 1;
    }
    raise_open_files();
    pin_to(client_core);
    infra::bench::report to(a);
    if (!ws())
        std::cerr << "ws is not there and is left out\n";
    const auto wants = [&](int part) { return a["part"] == 0 || a["part"] == part; };
    if (wants(1))
        compare_fan_out(a, to, "single", 1, "≥ 2");
    if (wants(2))
        compare_fan_out(a, to, "burst of 10", 10, "≥ 8");
    if (wants(3))
        show_stalled(a, to);
    if (wants(4))
        show_storm(a, to, false);
    if (wants(4) && testing::redis_server::installed())
        show_storm(a, to, true);
    if (wants(5))
        compare_idle(a, to);
    if (wants(6))
        show_memory(a, to);
    return 0;
}

} // namespace
} // namespace infra::realtime::bench

int main(int count, char** values) {
    using namespace infra::realtime::bench;
    const std::string_view role = count > 1 ? values[1] : "";
    static const std::string redis = count > 2 ? values[2] : "";
    if (role == "--serve")
        return infra::bench::run(1, values, {}, [](const infra::bench::arguments&) { return serve_ours(redis); });
    if (role == "--bare")
        return infra::bench::run(1, values, {}, [](const infra::bench::arguments&) { return serve_bare(); });
    return infra::bench::run(count, values,
                             {{"rounds", 3}, {"clients", 1000}, {"idle", 10'000}, {"idle_seconds", 30}, {"part", 0}},
                             compare);
}
