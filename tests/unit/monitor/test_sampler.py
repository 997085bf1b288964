"""Samples, and the thread that takes them."""

from __future__ import annotations

import queue
import threading
import time

import psutil
import pytest

from tui.monitor.probe import Probe
from tui.monitor.sample import Sample
from tui.monitor.sampler import Sampler

PATIENCE = 30


def test_a_sample_of_this_machine() -> None:
    probe = Probe()
    sample = probe.sample()
    assert len(sample.core_percents) == psutil.cpu_count()
    assert all(0 <= percent <= 100 for percent in (sample.cpu_percent, *sample.core_percents))
    assert sample.ram_used + sample.ram_available == sample.ram_total
    assert sample.process_rss > 1 << 20


def test_own_processor_time_is_seen() -> None:
    probe = Probe()
    began = time.process_time()
    while time.process_time() - began < 0.2:
        pass
    assert probe.sample().process_cpu_percent > 0


@pytest.mark.parametrize("error", [psutil.AccessDenied(), PermissionError(), ValueError()])
def test_what_cannot_be_read_is_zero(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    probe = Probe()
    monkeypatch.setattr(psutil, "cpu_percent", broken)
    monkeypatch.setattr(psutil, "virtual_memory", broken)
    monkeypatch.setattr(psutil.Process, "memory_info", broken)
    sample = probe.sample()
    assert (sample.cpu_percent, sample.core_percents, sample.ram_total, sample.process_rss) == (0, (), 0, 0)
    assert sample.process_cpu_percent >= 0


def test_samples_come_and_stop() -> None:
    samples: queue.Queue[Sample] = queue.Queue()
    sampler = Sampler(samples.put, interval=0.01)
    sampler.start()
    sampler.start()
    first, second = samples.get(timeout=PATIENCE), samples.get(timeout=PATIENCE)
    assert second.time > first.time
    assert sampler.running
    assert sampler.stop(PATIENCE)
    assert not sampler.running
    count = samples.qsize()
    assert sampler.stop()
    assert samples.qsize() == count


def test_it_can_be_started_again() -> None:
    samples: queue.Queue[Sample] = queue.Queue()
    sampler = Sampler(samples.put, interval=0.01)
    assert sampler.stop()
    for _ in range(2):
        sampler.start()
        samples.get(timeout=PATIENCE)
        assert sampler.stop(PATIENCE)


def test_a_long_interval_does_not_delay_the_stop() -> None:
    arrived = threading.Event()
    sampler = Sampler(lambda _: arrived.set(), interval=3600)
    sampler.start()
    assert arrived.wait(PATIENCE)
    assert sampler.stop(PATIENCE)


def test_a_failing_sink_does_not_end_the_samples(caplog: pytest.LogCaptureFixture) -> None:
    calls: queue.Queue[Sample] = queue.Queue()

    def sink(sample: Sample) -> None:
        calls.put(sample)
        raise RuntimeError("the window is gone")

    sampler = Sampler(sink, interval=0.01)
    sampler.start()
    for _ in range(3):
        calls.get(timeout=PATIENCE)
    assert sampler.stop(PATIENCE)
    assert "a sample was lost" in caplog.text


def test_the_sink_may_stop_it() -> None:
    stopped = threading.Event()

    def sink(_: Sample) -> None:
        sampler.stop()
        stopped.set()

    sampler = Sampler(sink, interval=0.01)
    sampler.start()
    assert stopped.wait(PATIENCE)
    assert sampler.stop(PATIENCE)
