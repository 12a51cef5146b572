#!/usr/bin/python3
"""Generates card transactions with a few features, and labels to join: the same rows for the same seed.

    examples/generate.py FOLDER [ROWS [SEED]]

Writes transactions.csv (transaction_id, event_time, card_id, amount, card_tx_count, card_amount_avg) and labels.csv (card_id,
event_time, is_fraud): one label in ten transactions, at a moment between two transactions of its card.
"""
import datetime
import pathlib
import random
import sys


def stamp(seconds):
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(milliseconds=round(seconds * 1000))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def main():
    folder, rows = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    folder.mkdir(parents=True, exist_ok=True)
    cards = max(10, rows // 200)
    count, total, now = [0] * cards, [0] * cards, 0.0
    with open(folder / "transactions.csv", "w") as out, open(folder / "labels.csv", "w") as labels:
        out.write("transaction_id,event_time,card_id,amount,card_tx_count,card_amount_avg\n")
        labels.write("card_id,event_time,is_fraud\n")
        for row in range(rows):
            now += chance.expovariate(1 / 30)
            card, cents = chance.randrange(cards), int(chance.lognormvariate(8, 1))
            count[card] += 1
            total[card] += cents
            out.write(f"t{row:08d},{stamp(now)},c{card:06d},{cents / 100:.2f},{count[card]},{total[card] / count[card] / 100:.6f}\n")
            if row % 10 == 9:
                labels.write(f"c{card:06d},{stamp(now + chance.uniform(0, 600))},{int(chance.random() < 0.01)}\n")


main()
