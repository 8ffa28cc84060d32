"""Card numbers: replaced by tokens in their own column, masked everywhere else.

Nothing in this package writes, logs or raises a text that still holds a card number.
"""

from ingest.cards.known import BREAK as BREAK
from ingest.cards.masking import lines_may_hold_card as lines_may_hold_card
from ingest.cards.masking import mask_cell as mask_cell
from ingest.cards.masking import mask_lines as mask_lines
from ingest.cards.masking import mask_text as mask_text
from ingest.cards.masking import may_hold_card as may_hold_card
from ingest.cards.masking import may_hold_damaged_card as may_hold_damaged_card
from ingest.cards.search import Caution as Caution
from ingest.cards.search import read_card as read_card
from ingest.cards.search import read_damaged_card as read_damaged_card
from ingest.cards.tokens import SHORTEST_KEY as SHORTEST_KEY
from ingest.cards.tokens import CardTokens as CardTokens
