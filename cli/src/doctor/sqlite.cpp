#include "sqlite.hpp"

#include <infra/base/error.hpp>
#include <infra/queue.hpp>
#include <infra/queue/sqlite.hpp>

#include <memory>

#include <sqlite3.h>
#include <sys/vfs.h>

namespace infra::cli::doctor {
namespace {

using clock_type = std::chrono::steady_clock;

struct closing {
    void operator()(sqlite3* file) const noexcept { ::sqlite3_close(file); }
};
using handle = std::unique_ptr<sqlite3, closing>;

// The numbers are the kernel's (statfs(2)).
std::string network_file_system(const std::filesystem::path& folder) {
    struct statfs is{};
    if (::statfs(folder.c_str(), &is) != 0)
        return {};
    switch (static_cast<std::uint32_t>(is.f_type)) {
    case 0x6969: return "NFS";
    case 0xff534d42:
    case 0xfe534d42: return "SMB";
    case 0x01021997: return "9P";
    case 0x00c36400: return "CephFS";
    default: return {};
    }
}

std::optional<std::string> ask(sqlite3* file, const char* question) {
    sqlite3_stmt* prepared = nullptr;
    if (::sqlite3_prepare_v2(file, question, -1, &prepared, nullptr) != SQLITE_OK)
        return std::nullopt;
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, ::sqlite3_finalize);
    if (::sqlite3_step(prepared) != SQLITE_ROW)
        return std::nullopt;
    const auto* const text = ::sqlite3_column_text(prepared, 0);
    return text ? std::string(reinterpret_cast<const char*>(text)) : std::string();
}

int time_is_up(void* until) { return clock_type::now() >= *static_cast<const clock_type::time_point*>(until); }

void read(sqlite_facts& facts, std::chrono::milliseconds patience) {
    sqlite3* opened = nullptr;
    const int code =
        ::sqlite3_open_v2(facts.file.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    const handle file(opened);
    if (code != SQLITE_OK) {
        facts.problem = ::sqlite3_errstr(code);
        return;
    }
    auto until = clock_type::now() + patience;
    ::sqlite3_progress_handler(opened, 10'000, time_is_up, &until);
    ::sqlite3_busy_timeout(opened, static_cast<int>(patience.count()));
    facts.journal = ask(opened, "PRAGMA journal_mode").value_or("");
    const auto said = ask(opened, "PRAGMA quick_check(1)");
    if (!said && ::sqlite3_errcode(opened) == SQLITE_INTERRUPT)
        facts.looked_at_all = false;
    else if (!said)
        facts.problem = ::sqlite3_errmsg(opened);
    else if (*said != "ok")
        facts.damage = *said;
}

std::filesystem::path file_of(const environment& variables) {
    try {
        const auto url = queue::url_from(variables);
        return url.starts_with("sqlite:") ? queue::parse_sqlite_url(url).file : std::filesystem::path();
    } catch (const error&) { // told by the check of settings
        return {};
    }
}

} // namespace

findings judge_sqlite(const sqlite_facts& f) {
    findings all;
    const auto about = f.file.string();
    if (!f.file_system.empty())
        all.push_back(failure(about, "lies on " + f.file_system,
                              "its write-ahead log needs memory that all who use it share; there it breaks",
                              "point QUEUE_URL to a disk of this machine, or to Redis"));
    if (!f.problem.empty())
        all.push_back(failure(about, "cannot be read: " + f.problem, "jobs can neither be added nor run",
                              "see whose it is, and that it is a queue's file"));
    else if (!f.damage.empty())
        all.push_back(failure(about, "is damaged: " + f.damage, "jobs may be lost, and reading them fails",
                              "stop the service, keep a copy, and `sqlite3 FILE .recover | sqlite3 NEW`"));
    else if (!f.exists && all.empty())
        all.push_back(well(about, "is not there yet; it will be made"));
    else if (all.empty())
        all.push_back(
            well(about, std::string(f.looked_at_all ? "is whole" : "is whole as far as time allowed to look") +
                            (f.journal.empty() ? "" : ", journal " + f.journal)));
    return all;
}

sqlite_facts read_sqlite(const std::filesystem::path& file, std::chrono::milliseconds patience) {
    sqlite_facts facts{.file = file};
    std::error_code ec;
    auto folder = std::filesystem::absolute(file, ec).parent_path();
    while (!std::filesystem::exists(folder, ec) && folder.has_relative_path())
        folder = folder.parent_path();
    facts.file_system = network_file_system(folder);
    facts.exists = std::filesystem::exists(file, ec);
    if (facts.exists)
        read(facts, patience);
    return facts;
}

std::string no_sqlite(const situation& at) { return file_of(at.variables).empty() ? "the queue is not in a file" : ""; }

findings look_at_sqlite(const situation& at) {
    return judge_sqlite(read_sqlite(file_of(at.variables), at.patience / 2));
}

} // namespace infra::cli::doctor
