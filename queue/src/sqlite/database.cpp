#include "database.hpp"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace infra::queue::sqlite {
namespace {

std::string name_of(const std::filesystem::path& file) { return "the queue's file " + file.string(); }

std::string because(std::string_view message, int system_errno) {
    std::string text(message);
    if (system_errno != 0)
        text.append(" (").append(std::generic_category().message(system_errno)).append(")");
    return text;
}

// A file whose folder is lost to a power cut is lost, whatever was synced into it.
void sync_entry_of(const std::filesystem::path& folder) {
    const auto parent = folder.parent_path().empty() ? "." : folder.parent_path();
    if (const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) {
        ::fsync(fd);
        ::close(fd);
    }
}

void make_folder(const std::filesystem::path& folder) {
    if (folder.empty() || std::filesystem::is_directory(folder))
        return;
    make_folder(folder.parent_path());
    std::filesystem::create_directory(folder);
    sync_entry_of(folder);
}

void make_folder_of(const std::filesystem::path& file) {
    try {
        make_folder(file.parent_path());
    } catch (const std::filesystem::filesystem_error& e) {
        throw error(errc::unavailable, name_of(file) + " has no folder, and it cannot be made: " + e.code().message() +
                                           "; make " + file.parent_path().string() + " writable or name another file");
    }
}

// Where a quota or a limit of the process ends before the disk does, SQLite speaks of an input/output error.
bool wants_room(int code, int system_errno) noexcept {
    const bool refused = system_errno == EFBIG || system_errno == EDQUOT || system_errno == ENOSPC;
    return (code & 0xff) == SQLITE_FULL || ((code & 0xff) == SQLITE_IOERR && refused);
}

} // namespace

error make_error(int code, int system_errno, std::string_view message, const std::filesystem::path& file) {
    const auto why = because(message, system_errno);
    if (wants_room(code, system_errno))
        return {errc::unavailable, name_of(file) + " cannot grow: " + why +
                                       "; nothing of this was stored. Free space, and work goes on by itself"};
    switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return {errc::corrupt, name_of(file) + " is damaged or not a SQLite database: " + why +
                                   "; it was left as it is. Restore it from a copy, or move it away (with its -wal and "
                                   "-shm) to begin with an empty queue; `sqlite3 FILE .recover` may save its jobs"};
    case SQLITE_ERROR: // our own statements are sound, so the tables are not
        return {errc::corrupt, name_of(file) + " has other tables than this library makes: " + why +
                                   "; it was left as it is. Restore it from a copy, or name another file"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        if (code == SQLITE_BUSY_SNAPSHOT)
            return {errc::unavailable,
                    name_of(file) + " was written by others since this transaction first read it: " + why +
                        "; nothing of this was stored. Roll back, and begin it with BEGIN IMMEDIATE"};
        return {errc::unavailable, name_of(file) + " is locked by another process for too long: " + why +
                                       "; find who holds it (fuser FILE), or raise sqlite_options::busy_timeout"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return {errc::unavailable,
                name_of(file) + " is not writable: " + why + "; give this user the right to write it and its folder"};
    case SQLITE_CANTOPEN:
        return {errc::unavailable,
                name_of(file) + " cannot be opened: " + why + "; check that its folder exists and is writable"};
    case SQLITE_NOMEM: return {errc::unavailable, name_of(file) + ": out of memory"};
    default: return {errc::unavailable, name_of(file) + ": " + why};
    }
}

void database::finalize::operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
void connection_deleter::operator()(sqlite3* db) const noexcept {
    if (is_ours)
        sqlite3_close_v2(db);
}

database::database(std::filesystem::path file, opening how) : file_(std::move(file)) {
    if (how == opening::make)
        make_folder_of(file_);
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(
        file_.c_str(), &opened,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (how == opening::make ? SQLITE_OPEN_CREATE : 0), nullptr);
    db_.reset(opened);
    if (!opened)
        throw make_error(SQLITE_NOMEM, 0, "", file_);
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 1200, 500); // statements then seldom ask malloc
    if (code != SQLITE_OK)
        fail(code);
    // SQLite falls back to reading when it may not write; a queue has no use for that.
    if (sqlite3_db_readonly(opened, "main") == 1)
        throw make_error(SQLITE_READONLY, 0, "no permission to write", file_);
}

database::database(sqlite3* theirs) : db_(theirs, connection_deleter{.is_ours = false}) {
    const char* file = sqlite3_db_filename(theirs, "main");
    file_ = file && *file ? file : ":memory:";
}

database::~database() = default;

void database::set_busy_policy(busy_policy policy, void* context) {
    struct adapter {
        static int call(void* self, int tries) {
            const auto* me = static_cast<std::pair<busy_policy, void*>*>(self);
            return me->first(me->second, tries) ? 1 : 0;
        }
    };
    busy_ = {policy, context};
    sqlite3_busy_handler(db_.get(), &adapter::call, &busy_);
}

void database::execute(const char* sql) {
    if (const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK)
        fail(code);
}

bool database::in_transaction() const noexcept { return sqlite3_get_autocommit(db_.get()) == 0; }

bool database::has_moved() const noexcept {
    int moved = 0;
    return sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

std::optional<file_identity> database::identity() const noexcept {
    struct ::stat here{};
    if (::stat(file_.c_str(), &here) != 0 || has_moved())
        return std::nullopt;
    return file_identity{.device = here.st_dev, .inode = here.st_ino};
}

std::filesystem::path database::log_file() const {
    return sqlite3_filename_wal(sqlite3_db_filename(db_.get(), "main"));
}

std::int64_t database::changes() const noexcept { return sqlite3_changes64(db_.get()); }

void database::attach_log() { log_.attach(db_.get()); }

void database::commit() {
    const log_writes::together in_one(log_);
    query(*this, "COMMIT").run();
}

void database::watch_log(int* pages) {
    execute("PRAGMA wal_autocheckpoint = 0"); // which takes away a hook
    const auto note = [](void* to, sqlite3*, const char*, int now) {
        *static_cast<int*>(to) = now;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(db_.get(), note, pages);
}

bool database::checkpoint() {
    const int code = sqlite3_wal_checkpoint_v2(db_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if ((code & 0xff) == SQLITE_BUSY)
        return false;
    if (code != SQLITE_OK)
        fail(code);
    return true;
}

void database::sync() {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (const int code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL); code != SQLITE_OK)
        throw make_error(code, errno, "its pages could not be synced", file_);
}

void database::interrupt() noexcept { sqlite3_interrupt(db_.get()); }

void database::fail(int code) const {
    const int last_errno = errno; // query::step() began with none
    const bool is_of_system = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_IOERR;
    int system_errno = is_of_system ? sqlite3_system_errno(db_.get()) : 0;
    if ((code & 0xff) == SQLITE_IOERR && system_errno == 0) // of a COMMIT SQLite remembers none
        system_errno = last_errno;
    // Another's connection may not be set to give the extended codes.
    const int extended = sqlite3_extended_errcode(db_.get());
    throw make_error((extended & 0xff) == code ? extended : code, system_errno, sqlite3_errmsg(db_.get()), file_);
}

sqlite3_stmt* database::prepared(const char* literal) {
    auto& kept = statements_[literal];
    if (!kept) {
        sqlite3_stmt* made = nullptr;
        if (const int code = sqlite3_prepare_v3(db_.get(), literal, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
            code != SQLITE_OK)
            fail(code);
        kept.reset(made);
    }
    return kept.get();
}

query::~query() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

void query::reset() noexcept { sqlite3_reset(statement_); }

bool query::step() {
    errno = 0;
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        db_.fail(code);
    return code == SQLITE_ROW;
}

bool query::is_null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::int64_t query::integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }
double query::real(int column) const noexcept { return sqlite3_column_double(statement_, column); }

std::string_view query::view(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes ? std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
                 : std::string_view();
}

blob_view query::blob(int column) const {
    const auto* bytes = sqlite3_column_blob(statement_, column);
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void query::fail_corrupt() const { throw make_error(SQLITE_CORRUPT, 0, "a row of ours is malformed", db_.file()); }

void query::bind_int64(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
void query::bind_at(int index, double value) { sqlite3_bind_double(statement_, index, value); }
void query::bind_null(int index) { sqlite3_bind_null(statement_, index); }
void query::bind_at(int index, std::string_view value) {
    // A null pointer would be bound as NULL, an empty text is not that.
    const int code = sqlite3_bind_text64(statement_, index, value.data() ? value.data() : "", value.size(),
                                         SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK)
        db_.fail(code);
}

void query::bind_at(int index, blob_view value) {
    const int code = sqlite3_bind_blob64(statement_, index, value.data ? value.data : "", value.size, SQLITE_STATIC);
    if (code != SQLITE_OK)
        db_.fail(code);
}

} // namespace infra::queue::sqlite
