"""Samples of the machine, from the sampler's thread to the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.message import Message

from tui.monitor.sample import Sample

if TYPE_CHECKING:
    from tui.monitor.sampler import Sampler


class SampleTaken(Message):
    """A sample was taken; only the newest one is worth drawing."""

    def __init__(self, sample: Sample) -> None:
        super().__init__()
        self.sample = sample

    def can_replace(self, message: Message) -> bool:
        """Whether an older one may be dropped."""
        return isinstance(message, SampleTaken)


def start_sampler(app: App[int]) -> Sampler:
    """Post a sample to the application every second."""
    from tui.monitor.sampler import Sampler

    def post(sample: Sample) -> None:
        app.post_message(SampleTaken(sample))

    sampler = Sampler(post)
    sampler.start()
    return sampler
