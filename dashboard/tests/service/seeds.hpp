#pragma once

// What the service of the browser's tests begins with. Each panel has a file here and a line in main.cpp.
//
//     void seed_cache(seeding& s) {
//         s.app.http().get("/…", …);                                   // before the service runs
//         s.later([wishes = s.wishes]() -> awaitable<void> {…});       // once it listens, before anybody is told where
//     }

#include <infra/app.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace infra::dashboard::service {

/// What the command line asks for.
struct wishes {
    std::size_t jobs = 0;   ///< that wait, beside those of every state
    std::size_t series = 0; ///< of metrics
    bool hostile = false;   ///< put hostile_texts() wherever a user may write
    bool read = false;      ///< whoever comes may read and no more
    int port = 0;
    std::string redis{};    ///< its URL; empty: memory and files
    std::string state_in{}; ///< a folder that stays; empty: one of our own, gone at the end
};

struct seeding {
    app::application& app;
    const service::wishes& wishes;
    std::filesystem::path folder; ///< for files: storage, outbox, queue.db, emails
    std::vector<std::function<awaitable<void>()>> work{};

    void later(std::function<awaitable<void>()> what) { work.push_back(std::move(what)); }
};

/// What must be shown as it is and never be understood: markup, script, addresses, characters that turn text around.
const std::vector<std::string>& hostile_texts();

/// The i-th of them, round and round, when that is wished for; otherwise the friendly one.
std::string word(const wishes& w, std::size_t i, std::string friendly);

void seed_load(seeding& s);         ///< --jobs and --series
void seed_observations(seeding& s); ///< lines, spans and numbers
void seed_mail(seeding& s);
void seed_queues(seeding& s);
void seed_realtime(seeding& s);
void seed_cache(seeding& s);
void seed_storage(seeding& s);

} // namespace infra::dashboard::service
