#include <infra/email/outbox.hpp>

#include "file.hpp"
#include "outbox_name.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>
#include <infra/email/mime.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <utility>

// The files, and the order in which they come to be. README.md draws them.
//
//     .tmp/<id>.<lot>    the mail while it is written
//     .keys/<hash>       a symbolic link: claimed when it leads to <name>, sent when it leads to ../<name>
//     <time>-<id>.eml    the mail, of that name
//
// A key is claimed by making its link, which only one can do; from then on every mail with that key is written under the
// name the link gives, so that a crash between claim and mail is repaired by the next attempt instead of losing the mail.
// Once the mail is there the link is made to say so, and goes on saying it when the mail has been deleted.

namespace infra::email {
namespace {

namespace fs = std::filesystem;

std::string file_name(const mail& m) { return outbox_name(m.date, m.id); }

constexpr std::string_view sent_prefix = "../";

// Of a fixed length and safe as a file's name, whatever the key.
std::string hash_of(const std::string& key) {
    static const boost::uuids::uuid space = {
        {0x6b, 0x1f, 0x0a, 0x52, 0x4e, 0x0c, 0x4b, 0x0e, 0x9d, 0x1c, 0x5a, 0x5e, 0x51, 0x2f, 0x8a, 0x07}};
    return to_string(boost::uuids::name_generator_sha1(space)(key));
}

class outbox final : public transport {
public:
    explicit outbox(outbox_options o) : folder_(std::make_shared<folder>(std::move(o.directory))), pool_(o.pool) {}

    std::string_view name() const noexcept override { return "outbox"; }

    // A mail without a key is written again under the name that its date and id give, so it stays one.
    transport_traits traits() const noexcept override {
        return {.keeps_keys = true, .schedules = true, .has_topics = true};
    }

    // The deadline is the caller's: a write to the disk cannot be taken back half way.
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline) override {
        auto& pool = pool_ ? *pool_ : default_blocking_pool();
        co_return co_await pool.run([to = folder_, all = std::move(mails)]() mutable {
            to->open();
            return deliver_all(to->path, std::move(all));
        });
    }

private:
    struct folder {
        explicit folder(fs::path p) : path(std::move(p)) {}

        void open() {
            for (const auto& each : {path, path / ".tmp", path / ".keys"}) // each time: somebody may have removed them
                file::make_private_directory(each);
            std::call_once(swept, [this] { file::sweep(path / ".tmp"); });
        }

        const fs::path path;
        std::once_flag swept;
    };

    static std::vector<delivery> deliver_all(const fs::path& directory, std::vector<mail> mails) {
        std::vector<delivery> done;
        for (auto& each : mails) {
            try {
                done.push_back(each.idempotency_key.empty() ? store(directory, each) : store_once(directory, each));
            } catch (const error& e) {
                done.push_back({.failure = send_error(e.code(), e.what())});
            }
        }
        return done;
    }

    // Nobody else's, since a thread may still write what is tried again: no disk can be told that its caller has given up.
    static std::string temporary_for(const mail& m) { return m.id + "." + random_hex(4); }

    static delivery store(const fs::path& directory, const mail& m) {
        write(directory, temporary_for(m), file_name(m), m);
        return {.id = m.id};
    }

    static delivery store_once(const fs::path& directory, mail& m) {
        const auto link = directory / ".keys" / hash_of(m.idempotency_key);
        std::string name = file::claim_durably(link, file_name(m));
        const bool marked = name.starts_with(sent_prefix);
        name.erase(0, marked ? sent_prefix.size() : 0);
        const auto first = id_in_name(name);
        if (first.empty())
            throw error(infra::errc::io, "outbox: " + link.string() + " does not lead to a mail; remove it");
        if (marked)
            return {.id = first, .duplicate = true};
        const auto temporary = temporary_for(m);
        m.id = first;               // somebody else's, if the key was claimed before
        std::error_code unreadable; // writing it will say why
        const bool written = fs::exists(directory / name, unreadable);
        if (written)
            file::sync_directory(directory); // its writer may not have come that far
        else
            write(directory, temporary, name, m);
        file::redirect(link, std::string(sent_prefix) + name, directory / ".tmp" / temporary);
        return {.id = first, .duplicate = written};
    }

    static void write(const fs::path& directory, const std::string& temporary, const std::string& name, const mail& m) {
        file::store_durably(directory / ".tmp" / temporary, directory / name, to_mime(m, {.senders_copy = true}));
    }

    const std::shared_ptr<folder> folder_;
    blocking_pool* const pool_;
};

} // namespace

std::shared_ptr<transport> make_outbox_transport(outbox_options options) {
    if (options.directory.empty())
        throw std::invalid_argument("email::outbox_options::directory must name a directory");
    return std::make_shared<outbox>(std::move(options));
}

} // namespace infra::email
