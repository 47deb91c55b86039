// A service on every embedded backend, up and down again. The backends are found by URL alone, so this fails if the
// package forgets to link what nothing refers to.
#include <infra/app.hpp>

#include <iostream>

int main() {
    if (!infra::storage::knows_bucket("s3"))
        return 2;
    auto app = infra::app::from_environment({.name = "consumer", .port = 0});
    app.on_started([&app](const infra::app::started& service) {
        for (const auto& [module, backend] : service.backends)
            std::cout << module << ' ' << backend << '\n';
        app.stop();
    });
    return app.run();
}
