// How fast objects go to an S3 and come from it, ours beside Debian's rclone and what npm has: the AWS SDK and minio.
//
//     storage_s3_transfer_bench [--json FILE] [--rounds N] [--mib N] [--at_once N] [--objects N] [--small_at_once N]
//
// The store is storage_stub in a process of its own, on the first core: it checks signatures, keeps no bodies and computes no digests of
// them, the same for everybody. Every client is a process of its own on any core, moves the same file in memory (/dev/shm) by parts of
// 8 MiB, as many at once, and has its own integrity on; rclone is also measured without the MD5 that it computes of a file
// beforehand, and afterwards of one that has come.
// Rounds alternate, and the median of each counts. The first thousand small objects warm up, and do not count.
//
// Wanted: 1.2 times rclone, twice the better of npm's; 3 times the AWS SDK in small objects; memory of at most the bound of buffers
// (128 MiB) and 64 MiB.

#include "comparison.hpp"
#include "process.hpp"
#include "storage/tests/s3/stub/pattern.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/storage/s3.hpp>
#include <infra/storage/storage.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace asio = infra::asio;
namespace bench = infra::bench;
namespace fs = std::filesystem;
namespace storage = infra::storage;

constexpr int server_core = 0;
constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t part = 8 * mib;

// --- Ours, in a process of its own ------------------------------------------------------------------------------------

storage::storage files_at(const std::string& endpoint) {
    return storage::storage({.bucket = storage::make_s3_bucket(
                                 {.bucket = "photos",
                                  .endpoint = endpoint,
                                  .keys = {.access_key_id = "AKIDSTUB", .secret_access_key = "stub-secret"}})});
}

template <class T>
double seconds_of(infra::event_loop& loop, infra::awaitable<T> work) {
    const auto begin = std::chrono::steady_clock::now();
    asio::co_spawn(loop.get_executor(), std::move(work), asio::use_future).get();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int large(const std::string& way, const std::string& endpoint, const std::string& key, const std::string& file,
          std::size_t at_once) {
    infra::event_loop loop;
    loop.start();
    const auto files = files_at(endpoint);
    const auto took =
        way == "up" ? seconds_of(loop, files.put(key, storage::file{file}, {.part_size = part, .concurrency = at_once}))
                    : seconds_of(loop, files.download(key, file, {.part_size = part, .concurrency = at_once}));
    std::cout << took << std::endl;
    return 0;
}

infra::awaitable<void> small_until(storage::storage files, bool puts, std::shared_ptr<int> next, int count) {
    const infra::shared_bytes bytes(std::string(4096, 'x'));
    while (*next < count) {
        const auto key = "small/" + std::to_string((*next)++);
        if (puts)
            co_await files.put(key, bytes);
        else
            co_await files.get(key);
    }
}

double small_all(infra::event_loop& loop, const storage::storage& files, bool puts, int count, int at_once) {
    const auto begin = std::chrono::steady_clock::now();
    const auto next = std::make_shared<int>(0);
    std::vector<std::future<void>> workers;
    for (int i = 0; i < at_once; ++i)
        workers.push_back(asio::co_spawn(loop.get_executor(), small_until(files, puts, next, count), asio::use_future));
    for (auto& each : workers)
        each.get();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int small(const std::string& way, const std::string& endpoint, int count, int at_once) {
    infra::event_loop loop;
    loop.start();
    const auto files = files_at(endpoint);
    small_all(loop, files, way == "put", 1000, at_once);
    std::cout << small_all(loop, files, way == "put", count, at_once) << std::endl;
    return 0;
}

// --- Side by side -----------------------------------------------------------------------------------------------------

struct measured {
    std::vector<double> seconds, cpu, rss;

    double rate(int size) const {
        const auto took = bench::median(seconds);
        return took > 0 ? size / took : 0;
    }
};

// A client that prints its seconds, or (`whole`) is measured from its start to its end.
void measure(measured& into, const std::vector<std::string>& command, bool whole = false) {
    const auto begin = std::chrono::steady_clock::now();
    bench::process client(command, bench::any_core);
    const auto said = client.everything();
    const auto used = client.end();
    if (!used.succeeded)
        throw std::runtime_error(command[0] + " failed: " + said);
    into.seconds.push_back(whole ? std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()
                                 : std::stod(said));
    into.cpu.push_back(used.cpu_seconds);
    into.rss.push_back(used.rss_mib);
}

bool has_rclone() { return std::system("rclone version >/dev/null 2>&1") == 0; }

std::vector<std::string> rclone(const std::string& endpoint, std::vector<std::string> more,
                                const std::string& at_once) {
    std::vector<std::string> command{"env",
                                     "-u",
                                     "AWS_CA_BUNDLE",
                                     "rclone",
                                     "--config",
                                     "/dev/null",
                                     "--s3-provider",
                                     "Other",
                                     "--s3-access-key-id",
                                     "AKIDSTUB",
                                     "--s3-secret-access-key",
                                     "stub-secret",
                                     "--s3-region",
                                     "us-east-1",
                                     "--s3-endpoint",
                                     endpoint,
                                     "--s3-chunk-size",
                                     "8M",
                                     "--s3-upload-concurrency",
                                     at_once,
                                     "--multi-thread-streams",
                                     at_once,
                                     "--multi-thread-cutoff",
                                     "1M",
                                     "--ignore-times",
                                     "--s3-no-check-bucket"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
}

struct folder {
    folder() : path(fs::exists("/dev/shm") ? "/dev/shm/storage_bench" : "storage_bench") {
        fs::create_directories(path);
    }
    ~folder() { fs::remove_all(path); }
    fs::path path;
};

void write_pattern(const fs::path& to, std::uint64_t size) {
    std::ofstream out(to, std::ios::binary);
    for (std::uint64_t at = 0; at < size; at += mib)
        out << storage::stub::pattern_at(at, size - at);
}

struct bed {
    std::string self = fs::read_symlink("/proc/self/exe").string();
    std::string stub = fs::path(self).parent_path() / "storage_stub";
    std::optional<fs::path> peers = bench::peers_folder_with("@aws-sdk/lib-storage", "storage");
    bool rclone = has_rclone();
    folder at;
};

// Both ways are the same but for words.
void compare_large(const bench::arguments& a, bench::report& to, const bed& b, const std::string& way) {
    const auto size = a["mib"];
    const auto at_once = std::to_string(a["at_once"]), name = std::to_string(size) + "_MiB";
    const auto file = (b.at.path / way).string();
    if (way == "up")
        write_pattern(file, static_cast<std::uint64_t>(size) * mib);
    bench::process store({b.stub, "--synthetic", "--unchecked", "--pattern",
                          "big=" + std::to_string(static_cast<std::uint64_t>(size) * mib), "--with-md5"},
                         server_core);
    const auto endpoint = store.line();
    std::map<std::string, measured> of;
    for (int i = 0; i < a["rounds"]; ++i) {
        const auto fresh = [&] { return way == "up" ? true : fs::remove(file); };
        const auto key = way == "up" ? "new" : "big";
        fresh(), measure(of["ours"], {b.self, way, endpoint, key, file, at_once});
        if (b.rclone && way == "up") {
            measure(of["rclone"], rclone(endpoint, {"copyto", file, ":s3:photos/new"}, at_once), true);
            measure(of["rclone, no MD5"],
                    rclone(endpoint, {"--s3-disable-checksum", "copyto", file, ":s3:photos/new"}, at_once), true);
        } else if (b.rclone) {
            fresh(), measure(of["rclone"], rclone(endpoint, {"copyto", ":s3:photos/big", file}, at_once), true);
            fresh(), measure(of["rclone, no MD5"],
                             rclone(endpoint, {"--ignore-checksum", "copyto", ":s3:photos/big", file}, at_once), true);
        }
        for (const auto* each : {"aws", "minio"})
            if (b.peers)
                fresh(), measure(of[each], {"node", "--no-warnings", *b.peers / "large.mjs", each, way, endpoint, key,
                                            file, std::to_string(part), at_once});
    }
    const auto& ours = of["ours"];
    for (const auto& [peer, theirs] : of) {
        if (peer == "ours")
            continue;
        to.add({"storage." + way + "_" + name, ours.rate(size), "MiB/s", peer, theirs.rate(size), bench::better::more});
        to.add({"storage." + way + "_cpu_" + name, bench::median(ours.cpu), "s", peer, bench::median(theirs.cpu)});
        to.add({"storage." + way + "_memory_" + name, bench::median(ours.rss), "MiB", peer, bench::median(theirs.rss)});
    }
    if (of.size() == 1)
        to.add({"storage." + way + "_" + name, ours.rate(size), "MiB/s"});
}

void compare_small(const bench::arguments& a, bench::report& to, const bed& b) {
    const auto count = std::to_string(a["objects"]), at_once = std::to_string(a["small_at_once"]);
    bench::process store({b.stub, "--unchecked"}, server_core);
    const auto endpoint = store.line();
    for (const std::string way : {"put", "get"}) {
        measured ours, theirs;
        for (int i = 0; i < a["rounds"]; ++i) {
            measure(ours, {b.self, way, endpoint, count, at_once});
            if (b.peers)
                measure(theirs,
                        {"node", "--no-warnings", *b.peers / "small.mjs", way, endpoint, count, "4096", at_once});
        }
        to.add({"storage." + way + "_" + count + "_of_4_KiB", bench::median(ours.seconds), "s", "aws-sdk",
                bench::median(theirs.seconds)});
        to.add({"storage." + way + "_cpu_" + count + "_of_4_KiB", bench::median(ours.cpu), "s", "aws-sdk",
                bench::median(theirs.cpu)});
    }
}

int compare(const bench::arguments& a) {
    const bed b;
    if (!b.rclone)
        std::cerr << "rclone is not there and is left out\n";
    if (!b.peers)
        std::cerr << "npm's clients are not there and are left out\n";
    bench::report to(a);
    compare_large(a, to, b, "up");
    compare_large(a, to, b, "down");
    compare_small(a, to, b);
    return 0;
}

} // namespace

int main(int count, char** values) {
    const std::vector<std::string> given(values + 1, values + count);
    if (given.size() == 5 && (given[0] == "up" || given[0] == "down"))
        return large(given[0], given[1], given[2], given[3], std::stoul(given[4]));
    if (given.size() == 4 && (given[0] == "put" || given[0] == "get"))
        return small(given[0], given[1], std::stoi(given[2]), std::stoi(given[3]));
    return bench::run(count, values,
                      {{"rounds", 3}, {"mib", 1024}, {"at_once", 8}, {"objects", 10'000}, {"small_at_once", 32}},
                      compare);
}
