from nfemu.gateway.memory import AnswerMemory


def test_answers_hold_for_their_time_and_not_longer() -> None:
    memory: AnswerMemory[str, int] = AnswerMemory()
    memory.keep("held", 1, 60.0)
    memory.keep("gone", 2, 1e-9)
    memory.keep("never", 3, 0.0)
    assert [memory.recall(host) for host in ("held", "gone", "never", "unknown")] == [1, None, None, None]
    assert len(memory) == 1
    memory.forget()
    assert memory.recall("held") is None


def test_the_one_used_longest_ago_goes_first() -> None:
    memory: AnswerMemory[str, int] = AnswerMemory(capacity=2)
    memory.keep("a", 1, 60.0)
    memory.keep("b", 2, 60.0)
    memory.recall("a")
    memory.keep("c", 3, 60.0)
    assert [memory.recall(host) for host in "abc"] == [1, None, 3]
