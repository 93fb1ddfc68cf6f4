# Public name → where it lives. A test checks that each resolves and is documented.
from . import charts as charts
from . import cooldown as cooldown
from .analyst.opening import open_snapshot as open_snapshot
from .api.serving import serve as serve
from .cooccurrence.evaluation.replay import evaluate as evaluate
from .cooccurrence.evaluation.replay import train_ranker as train_ranker
from .cooccurrence.graph import graph as graph
from .cooccurrence.ranking import CoOccurrenceAnalyzer as CoOccurrenceAnalyzer
from .cooccurrence.ranking import extract_contexts_from_1001tracklists as extract_contexts_from_1001tracklists
from .cooccurrence.ranking import rank_artists as rank_artists
from .demo.catalogue.server import catalogue as catalogue
from .demo.loading import demo as demo
from .errors import EnrichError as EnrichError
from .identity.aliases import propose_aliases as propose_aliases
from .identity.identify import identify as identify
from .importing.running import import_ as import_
from .importing.running import undo_import as undo_import
from .ledger.audits import accept_rest as accept_rest
from .ledger.audits import audit as audit
from .ledger.proposals import proposals as proposals
from .ledger.review import accept as accept
from .ledger.review import reject as reject
from .ledger.writing import undo as undo
from .ledger.writing import writeback as writeback
from .main_job import run as run
from .pipeline.cycle import hunt_labels as hunt_labels
from .pipeline.cycle import resolve as resolve
from .pipeline.cycle import trigger as trigger
from .pipeline.weighing import policy as policy
from .replaying.running import replay as replay
from .replaying.unknowns import read_replay as read_replay
from .reporting.dashboards import dashboards as dashboards
from .reporting.recovery import report as report
from .settings import load_settings as load_settings
from .snapshots.taking import snapshot as snapshot
from .text.titles import parse_titles as parse_titles
from .tiers.label_hunter import hunt_label_file as hunt_label_file
from .tracklists.reading import read_tracklists as read_tracklists

__version__: str
__all__: list[str]
