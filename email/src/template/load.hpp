#pragma once

/// Finding and reading templates. All block on the disk.

#include <infra/base/time.hpp>
#include <infra/email/template.hpp>

#include <cstdint>
#include <string>

namespace infra::email {

/// Whatever else may be wrong with it, reading says.
bool is_there(const std::string& path) noexcept;

/// A byte more than 1 MiB at most, so that too much is seen as such. Throws infra::errc::io.
std::string file_text(const std::string& path);

/// The file that a template is in.
struct template_source {
    std::string path;
    std::string locale; ///< that it is for
};

/// The first that is there of candidates(). Throws errc::no_template with all paths tried.
template_source find_source(const std::string& directory, const std::string& name, const std::string& locale);

/// Throws errc::bad_template, infra::errc::io for a file that cannot be read.
email_template read_template(const template_source& from, const std::string& name);

/// The path of a template's layout, which is not empty.
std::string layout_source(const std::string& directory, const email_template& of);

/// Throws errc::no_template if it is not there, else as read_template does.
void read_layout(email_template& to, const std::string& path);

/// What tells one state of a file from another. All zero if there is no such file.
struct file_stamp {
    std::uint64_t device = 0, file = 0, size = 0;
    wall_time modified{};
    wall_time changed{}; ///< which nobody can set
    friend bool operator==(const file_stamp&, const file_stamp&) = default;
};
file_stamp stamp_of(const std::string& path) noexcept;

} // namespace infra::email
