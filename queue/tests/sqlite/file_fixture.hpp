#pragma once

// A file, and what may be done to it.

#include "support.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace infra::queue::tests {

class SqliteFile : public ::testing::Test {
protected:
    std::filesystem::path file() const { return folder / "queue.db"; }
    std::shared_ptr<backend> open(sqlite_options options = {}) {
        if (options.file == sqlite_options().file)
            options.file = file();
        options.durability = durability::normal;
        return make_sqlite_backend(options);
    }
    boost::system::error_code add(const std::shared_ptr<backend>& to, std::string id, std::string data = "{}") {
        auto job = make_job(std::move(id));
        job.data = std::move(data);
        return loop.code_of(to->enqueue({job}));
    }
    std::string sentence(const std::shared_ptr<backend>& of) {
        try {
            loop.await(of->counts({}));
        } catch (const error& e) {
            return e.what();
        }
        return "no error";
    }
    void write(const std::filesystem::path& to, const std::string& bytes) {
        std::ofstream(to, std::ios::binary) << bytes;
    }
    std::string read(const std::filesystem::path& from) {
        std::ifstream in(from, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }

    temporary_folder folder;
    test_loop loop;
};

} // namespace infra::queue::tests
