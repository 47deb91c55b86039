#include <infra/health.hpp>
#include <infra/runtime.hpp>

#include <iostream>

int main() {
    infra::health::register_health_check("self", [] { return infra::health::healthy("here"); });
    const auto report = infra::wait(infra::health::run_health_checks());
    std::cout << infra::json::to_text(report.to_json()) << '\n';
    return report.http_status() == 200 ? 0 : 1;
}
