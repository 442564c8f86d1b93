#include "broker/metadata/controller_gateway.h"

#include <utility>

#include "broker/metadata/principal.h"

namespace hw::broker {
namespace {

std::uint64_t seed_from(Entropy& entropy) {
    std::uint64_t seed = 0;
    entropy.fill(std::as_writable_bytes(std::span(&seed, 1)));
    return seed;
}

}  // namespace

ControllerGateway::ControllerGateway(const Ports& ports, const ControllerLocator& locator,
                                     replication::PeerClient& controller)
    : ports_(ports),
      locator_(locator),
      controller_(controller),
      random_(seed_from(ports.entropy)),
      warnings_(ports.log, ports.clock),
      tasks_(ports.control) {}

void ControllerGateway::forward(Shard& home, ForwardedCall call) {
    Sender sender{.request = call.exchange->request_bytes(),
                  .principal = std::string(call.exchange->context().principal),
                  .host = call.exchange->context().peer->host,
                  .api = call.exchange->api().name};
    ports_.control.post(
        [this, &home, call = std::move(call), sender = std::move(sender)]() mutable {
            tasks_.spawn(pass_on(home, std::move(call), std::move(sender)));
        });
}

Task<> ControllerGateway::pass_on(Shard& home, ForwardedCall call, Sender sender) {
    const std::size_t size = sender.request.size();
    Answer answer = fail(ErrorKind::not_sent, "not sent yet");
    ForwardingStep step;
    if (const auto begun = limits_.begin(size); !begun) {
        warn(begun.error(), sender);
        step.kind = ForwardingStep::Kind::refuse;
        step.refusal = begun.error();
        finish(home, std::move(call), std::move(step), std::move(answer));
        co_return;
    }
    const auto principal = encode_principal(sender.principal);
    const Buffer address = encode_address(sender.host);
    schema::EnvelopeRequest request;
    request.request_data = sender.request;
    request.client_host_address = address.view();
    if (principal) {
        request.request_principal = principal->view();
    }
    ForwardedRequest state(ports_.clock.now(), call.timeout, random_.next());
    while (step.kind == ForwardingStep::Kind::send_again) {
        Answer next = co_await send(request, step.send_at, state.deadline());
        answer = std::move(next);
        step = next_step(state, answer, sender);
    }
    limits_.end(size);
    finish(home, std::move(call), std::move(step), std::move(answer));
}

Task<ControllerGateway::Answer> ControllerGateway::send(schema::EnvelopeRequest request,
                                                        TimePoint when, TimePoint deadline) {
    if (ports_.clock.now() < when) {
        co_await pause(when);
    }
    if (stopping_) {
        co_return fail(ErrorKind::not_sent, "this node is stopping");
    }
    auto answer = co_await replication::call<schema::EnvelopeResponse>(controller_, request,
                                                                       ApiVersion(0), deadline);
    co_return answer;
}

Task<> ControllerGateway::pause(TimePoint when) {
    Signal ended;
    const auto place = pausing_.insert(pausing_.end(), &ended);
    co_await ports_.control.wait(ended, when);
    pausing_.erase(place);
}

ForwardingStep ControllerGateway::next_step(ForwardedRequest& state, const Answer& answer,
                                            const Sender& sender) {
    const TimePoint now = ports_.clock.now();
    if (stopping_) {
        state.give_up(now);
    }
    const ForwardingAttempt attempt = attempt_of(answer, sender.request);
    // What this broker was configured with is asked while no controller is known to be active.
    const std::string controller = to_string(locator_.active().value_or(locator_.to_ask()));
    ForwardingStep step = state.after(attempt, controller, now);
    if (step.refusal.is_refused()) {
        warn(step.refusal, sender);
    }
    return step;
}

void ControllerGateway::warn(const wire::Refusal& refusal, const Sender& sender) {
    warnings_.warning("request {} of {} gets {}: {}", sender.api, sender.host, refusal.code,
                      refusal.message);
}

void ControllerGateway::finish(Shard& home, ForwardedCall call, ForwardingStep step,
                               Answer answer) {
    // The exchange belongs to `home`, so it is answered and destroyed there.
    home.post(
        [call = std::move(call), step = std::move(step), answer = std::move(answer)]() mutable {
            if (step.kind == ForwardingStep::Kind::answer) {
                call.exchange->reply_encoded((*answer)->response_data);
            } else if (step.kind == ForwardingStep::Kind::disconnect) {
                call.exchange->reject(Error{ErrorKind::unsupported, step.refusal.message});
            } else {
                call.refuse(step.refusal);
            }
        });
}

void ControllerGateway::on_controller_change() {
    for (Signal* pause : pausing_) {
        pause->set();
    }
}

void ControllerGateway::begin_stop() {
    stopping_ = true;
    on_controller_change();
}

Task<> ControllerGateway::stop() {
    begin_stop();
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
