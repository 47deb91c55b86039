#include "frame.hpp"
#include "verbs.hpp"

#include <boost/version.hpp>

namespace infra::cli {

void add_version(frame& f) {
    f.add({.name = "version",
           .description = "Shows which infra this is and what it was built with.",
           .examples = {"infra version", "infra version --json"}},
          [](const output& to) {
              const std::string boost = std::to_string(BOOST_VERSION / 100'000) + "." +
                                        std::to_string(BOOST_VERSION / 100 % 1'000) + "." +
                                        std::to_string(BOOST_VERSION % 100);
              to.print("infra " INFRA_VERSION " (Clang " __clang_version__ ", Boost " + boost + ")",
                       {{"version", INFRA_VERSION}, {"compiler", "Clang " __clang_version__}, {"boost", boost}});
              return exit_code::ok;
          });
}

} // namespace infra::cli
