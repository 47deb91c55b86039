// A store that is killed while it is written to: what was there stays or is replaced whole, and what uploads leave is swept.
//
// The store is storage_stub in a process of its own, which has in files whatever it has answered, and goes on from them: a SIGKILL takes
// requests on their way, in any part of their being done, as a crash of a machine takes them from a store that answers after it has
// written.

#include "peer.hpp"
#include "proof.hpp"

#include <infra/testing/redis_server.hpp>

#include <thread>

namespace infra::storage {
namespace {

using namespace proof;

const credentials keys{.access_key_id = "AKIDSTUB", .secret_access_key = "stub-secret"};

class mortal_store {
public:
    mortal_store() : port_(testing::free_port()) { start(); }

    void start() {
        program_.emplace(std::vector<std::string>{peer::built("storage_stub"), "--directory", folder_.path(), "--port",
                                                  std::to_string(port_)});
    }
    void kill() { program_->kill(); }
    const std::string& endpoint() const { return program_->first_line(); }

private:
    testing::temporary_folder folder_{"stub"};
    std::uint16_t port_;
    std::optional<peer::child> program_;
};

TEST(S3Proof, HoldsNoCorruptObjectAndNoOrphanAfterKills) {
    mortal_store store;
    const infra::storage::storage files(impatient(bucket_at(store.endpoint(), keys), 2));
    std::mt19937_64 random(7);
    std::map<std::string, std::string> there; // what each key holds
    int interrupted = 0;
    const int kills = rounds(15, 100);
    for (int i = 0; i < kills; ++i) {
        const auto key = "k" + std::to_string(i % 4);
        const auto wanted = bytes(i % 3 == 0 ? 100'000 : 2 * part_bytes + 1 + random() % part_bytes, random());
        std::thread killer([&, delay = std::chrono::microseconds(random() % 60'000)] {
            std::this_thread::sleep_for(delay); // at any moment: whichever it is, what follows must hold
            store.kill();
        });
        const auto failed = failure(files.put(key, wanted));
        killer.join();
        interrupted += failed ? 1 : 0;
        store.start();
        auto now = wait(files.exists(key)) ? wait(files.get(key)).bytes : std::string();
        EXPECT_TRUE(now == wanted || (failed && now == there[key]))
            << key << " is neither old nor new in round " << i << " (" << now.size() << " bytes; " << failed.message()
            << ")";
        there[key] = std::move(now);
    }
    EXPECT_GT(interrupted, 0);
    wait(files.sweep(0ms));
    EXPECT_TRUE(wait(files.bucket()->list_uploads("", "", deadline::after(5s))).uploads.empty());
    for (const auto& [key, wanted] : there)
        if (!wanted.empty()) {
            EXPECT_TRUE(wait(files.get(key)).bytes == wanted) << key;
        }
}

} // namespace
} // namespace infra::storage
